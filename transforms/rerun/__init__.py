"""The steps that go over stored runs again."""

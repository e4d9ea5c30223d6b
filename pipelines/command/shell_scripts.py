"""Scripts that complete a command line in bash, zsh and fish."""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Flag(NamedTuple):
    """A flag as a shell sees it."""

    name: str
    what: str
    takes_value: bool
    repeatable: bool
    choices: tuple[str, ...]
    is_path: bool


class Command(NamedTuple):
    """A job, or an action of it, with its flags; `words` are what may be written without a flag."""

    job: str
    action: str | None
    what: str
    flags: tuple[Flag, ...]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.job} {self.action}" if self.action else self.job


def bash_script(jobs: Mapping[str, str], commands: Sequence[Command]) -> str:
    """The script for bash 3.2 and later."""
    actions = _actions(commands)
    of_job = [f"        {job}) words={shlex.quote(' '.join(names))} ;;" for job, names in actions.items()]
    words, values = [], []
    for command in commands:
        offered = [f"{flag.name}=" if flag.takes_value else flag.name for flag in command.flags]
        line = shlex.quote(" ".join([*command.words, *offered, "--help"]))
        words.append(f"        {shlex.quote(command.name)}) words={line} ;;")
        for flag in command.flags:
            pattern = shlex.quote(f"{command.name} {flag.name}")
            if flag.choices:
                values.append(f"        {pattern}) words={shlex.quote(' '.join(flag.choices))} kind=value ;;")
            elif flag.is_path:
                values.append(f"        {pattern}) kind=path ;;")
            elif flag.takes_value:
                values.append(f"        {pattern}) kind=text ;;")
    lines = "\n".join
    return f"""\
# Completion of wellspring for bash: source <(wellspring completion bash)
_wellspring() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local command=${{COMP_WORDS[1]}} place=1 flag= prefix= words= kind=flag IFS=$' \\t\\n'
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W {shlex.quote(" ".join([*jobs, "--help", "--version"]))} -- "$cur"))
        return
    fi
    case $command in
{lines(of_job)}
    esac
    if [[ -n $words ]]; then
        if ((COMP_CWORD == 2)); then
            COMPREPLY=($(compgen -W "$words --help" -- "$cur"))
            return
        fi
        command="$command ${{COMP_WORDS[2]}}" place=2 words=
    fi
    # `=` is a word of its own, unless COMP_WORDBREAKS was changed.
    if [[ $cur == --*=* ]]; then
        flag=${{cur%%=*}} prefix="${{cur%%=*}}=" cur=${{cur#*=}}
    elif [[ $cur == = ]]; then
        flag=$before cur=
    elif [[ $before == = ]] && ((COMP_CWORD > place + 2)); then
        flag=${{COMP_WORDS[COMP_CWORD-2]}}
    elif [[ $cur != -* ]] && ((COMP_CWORD > place + 1)); then
        flag=$before
    fi
    case "$command $flag" in
{lines(values)}
    esac
    case $kind in
        text) return ;;
        path)
            IFS=$'\\n'
            COMPREPLY=($(compgen -P "$prefix" -f -- "$cur"))
            [[ -n $prefix ]] || compopt -o filenames 2>/dev/null
            return
            ;;
        value)
            COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$cur"))
            return
            ;;
    esac
    case $command in
{lines(words)}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    if ((${{#COMPREPLY[@]}} == 1)) && [[ ${{COMPREPLY[0]}} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}}
complete -F _wellspring wellspring
"""


def zsh_script(jobs: Mapping[str, str], commands: Sequence[Command]) -> str:
    """The script for zsh's own completion system."""
    lines = [
        "#compdef wellspring",
        "# Completion of wellspring for zsh: source <(wellspring completion zsh), after compinit",
        "_wellspring() {",
        "    local -a found",
        "    local command=${words[2]}",
        "    if (( CURRENT == 2 )); then",
        f"        found=({' '.join(_described(job, what) for job, what in jobs.items())})",
        "        _describe job found",
        "        return",
        "    fi",
        "    case $command in",
    ]
    for job in _actions(commands):
        of_job = [_described(each.action or "", each.what) for each in commands if each.job == job]
        lines += [
            f"        {job})",
            "            if (( CURRENT == 3 )); then",
            f"                found=({' '.join(of_job)})",
            "                _describe action found",
            "                return",
            "            fi",
            '            command="$command ${words[3]}"',
            "            shift words",
            "            (( CURRENT-- ))",
            "            ;;",
        ]
    lines += ["    esac", "    shift words", "    (( CURRENT-- ))", "    case $command in"]
    for command in commands:
        specs = [_zsh_flag(flag) for flag in command.flags]
        specs += [shlex.quote(f"1:word:({' '.join(command.words)})")] if command.words else []
        lines.append(f"        {shlex.quote(command.name)}) _arguments {' '.join([*specs, '--help'])} ;;")
    lines += [
        "    esac",
        "}",
        'if [[ "$funcstack[1]" == _wellspring ]]; then',
        '    _wellspring "$@"',
        "else",
        "    compdef _wellspring wellspring",
        "fi",
    ]
    return "\n".join(lines) + "\n"


def fish_script(jobs: Mapping[str, str], commands: Sequence[Command]) -> str:
    """The script for fish."""
    lines = [
        "# Completion of wellspring for fish: wellspring completion fish | source",
        "function __wellspring_at",
        "    set -l words (commandline -opc)",
        '    test "$words[2..-1]" = "$argv"',
        "end",
        "function __wellspring_in",
        "    set -l words (commandline -opc)",
        "    set -l last (math (count $argv) + 1)",
        '    test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"',
        "end",
        "complete -c wellspring -f",
    ]
    for job, what in jobs.items():
        lines.append(f"complete -c wellspring -n __wellspring_at -a {job} -d {_fish(what)}")
    for command in commands:
        if command.action:
            at = _fish(f"__wellspring_at {command.job}")
            lines.append(f"complete -c wellspring -n {at} -a {command.action} -d {_fish(command.what)}")
        for word in command.words:
            lines.append(f"complete -c wellspring -n {_fish(f'__wellspring_at {command.name}')} -a {word}")
        inside = _fish(f"__wellspring_in {command.name}")
        for flag in command.flags:
            line = f"complete -c wellspring -n {inside} -l {flag.name.removeprefix('--')}"
            if flag.choices:
                line += f" -x -a {_fish(' '.join(flag.choices))}"
            elif flag.takes_value:
                line += " -r -F" if flag.is_path else " -x"
            lines.append(f"{line} -d {_fish(flag.what)}")
    return "\n".join(lines) + "\n"


def _actions(commands: Sequence[Command]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for command in commands:
        if command.action:
            found.setdefault(command.job, []).append(command.action)
    return found


def _described(name: str, what: str) -> str:
    return shlex.quote(f"{name}:{what}")


def _zsh_flag(flag: Flag) -> str:
    what = "".join(f"\\{c}" if c in "[]:\\" else c for c in flag.what)
    star = "*" if flag.repeatable else ""
    if not flag.takes_value:
        return shlex.quote(f"{star}{flag.name}[{what}]")
    values = f"({' '.join(flag.choices)})" if flag.choices else "_files" if flag.is_path else " "
    return shlex.quote(f"{star}{flag.name}=[{what}]:{flag.name.removeprefix('--')}:{values}")


def _fish(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"

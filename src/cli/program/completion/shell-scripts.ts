/** The shells that there is a completion for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof SHELLS)[number];

/**
 * The text that makes a shell complete `steward`. It asks `steward __complete <shell> <words>`, which answers with lines of
 * a word, a tab and what it is for; `:files` or `:folders` as the only line leaves the rest to the shell.
 */
export function shellScript(shell: Shell): string {
  return SCRIPTS[shell];
}

const SCRIPTS: Readonly<Record<Shell, string>> = {
  // bash takes words apart at = and :, so what stands before those is left out of what it is given.
  bash: `# Completion of steward for bash: source <(steward completion bash)
_steward() {
  local line answer=()
  while IFS= read -r line; do
    answer+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  case "\${answer[0]-}" in
    :files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]#=}") ;;
    :folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "\${COMP_WORDS[COMP_CWORD]#=}") ;;
    *) COMPREPLY=("\${answer[@]}") ;;
  esac
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _steward steward
`,
  zsh: `#compdef steward
# Completion of steward for zsh: source <(steward completion zsh), after compinit
_steward() {
  local line
  local -a shown values
  while IFS= read -r line; do
    values+=("\${line%%$'\\t'*}")
    if [[ $line == *$'\\t'?* ]]; then shown+=("\${line%%$'\\t'*}  -- \${line#*$'\\t'}"); else shown+=("\${line%%$'\\t'*}"); fi
  done < <("\${words[1]}" __complete zsh "\${(@)words[2,$CURRENT]}" 2>/dev/null)
  case "\${values[1]-}" in
    :files) _files ;;
    :folders) _files -/ ;;
    '') return 1 ;;
    *=) compadd -S '' -Q -l -d shown -a values ;;
    *) compadd -Q -l -d shown -a values ;;
  esac
}
compdef _steward steward
`,
  fish: `# Completion of steward for fish: steward completion fish | source
function __steward_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l answer ($words[1] __complete fish $words[2..-1] 2>/dev/null)
    switch "$answer[1]"
        case ':files'
            __fish_complete_path (commandline -ct)
        case ':folders'
            __fish_complete_directories (commandline -ct)
        case '*'
            printf '%s\\n' $answer
    end
end
complete -c steward -f -a '(__steward_complete)'
`,
};

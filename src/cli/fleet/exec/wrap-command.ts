/** Where and as whom a command runs on its node. */
export interface Surroundings {
  /** Variables, as NAME=VALUE. */
  readonly env: readonly string[];
  readonly cwd: string | undefined;
  readonly user: string | undefined;
}

/** What a node puts in place of this word: the path of a file with the data of the message. */
export const DATA_FILE = '{{STEWARD_DATA_FILE}}';

/**
 * Prepares the run of a command, as a shell of any system does it, so that no node can leave a part of it out: $1 is the
 * user, $2 the folder, $3 the file for standard input, $4 the file that the user must be able to read.
 * Lists know it by its first line, and show the command behind its four arguments.
 */
const PREPARE = `: steward exec;
u=$1 d=$2 f=$3 s=$4; shift 4
die() { echo "steward: $1" >&2; exit 125; }
case $s in '' | /*) ;; *)
  for a; do shift; [ "$a" = "$s" ] && a=$PWD/$s; set -- "$@" "$a"; done
  s=$PWD/$s ;;
esac
if [ -n "$d" ]; then
  set -- sh -c 'cd -- "$1" 2>/dev/null || {
    echo "steward: there is no folder $1 on this node that $(id -un) may enter" >&2; exit 125; }
  shift; exec "$@"' steward "$d" "$@"
fi
if [ -n "$u" ] && [ "$u" != "$(id -un)" ]; then
  id -u "$u" >/dev/null 2>&1 || die "there is no user $u on this node"
  [ "$(id -u)" = 0 ] || die "the node runs as $(id -un), and root alone may run a command as $u"
  command -v setpriv >/dev/null 2>&1 || die "--user needs setpriv (util-linux), which this node does not have"
  h=$(eval echo "~$u")
  set -- setpriv --reuid "$u" --regid "$(id -g "$u")" --init-groups env "HOME=$h" "USER=$u" "LOGNAME=$u" "$@"
  if [ -n "$s" ]; then
    n=$(mktemp) && cat "$s" >"$n" && chown "$u" "$n" || die "the script could not be handed to $u"
    trap 'rm -f "$n"' EXIT
    trap 'exit 143' TERM
    for a; do shift; [ "$a" = "$s" ] && a=$n; set -- "$@" "$a"; done
    "$@"
    exit $?
  fi
fi
if [ -n "$f" ]; then exec "$@" <"$f"; fi
exec "$@"
`;

/** Gives the command the file of its first argument as standard input. */
const GIVE_STDIN = 'f=$1; shift; exec "$@" <"$f"';

/** The same with a file that was brought for it alone, which goes once it is open. */
const TAKE_STDIN = 'exec 3<"$1" || exit 125; rm -f -- "$1"; shift; exec "$@" <&3 3<&-';

/** The arguments that run others with a file of the node as standard input, which is removed. */
export function withFile(path: string, args: readonly string[]): readonly string[] {
  return ['sh', '-c', TAKE_STDIN, 'sh', path, ...args];
}

/** The arguments of REQCliCommand that run a command in its place, with the data of the message where it wants that. */
export function wrapCommand(
  command: readonly string[],
  { env, cwd, user }: Surroundings,
  data: 'none' | 'stdin' | 'script',
): readonly string[] {
  const own = env.length === 0 ? command : ['env', ...env, ...command];
  if (cwd === undefined && user === undefined)
    return data === 'stdin' ? ['sh', '-c', GIVE_STDIN, 'sh', DATA_FILE, ...own] : own;
  const stdinFile = data === 'stdin' ? DATA_FILE : '';
  const scriptFile = data === 'script' ? DATA_FILE : '';
  return ['sh', '-c', PREPARE, 'steward', user ?? '', cwd ?? '', stdinFile, scriptFile, ...own];
}

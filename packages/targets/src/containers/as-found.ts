import type { ProgramCommand } from '../processes/command.ts'
import type { EngineProgram } from './engine.ts'

// The commands with which the keeper restores a container.

type ContainerCommand = (engine: EngineProgram, name: string) => ProgramCommand

/** Returns a command that runs a script, with the engine as `$0` and the container's name as `$1`. */
const running =
  (script: string): ContainerCommand =>
  (engine, name) => ({ words: ['sh', '-c', script, engine, name] })

/**
 * Returns a command that exits with 0 if the container's process runs: it is not stopped, has not ended, and has no
 * pending SIGKILL. The engine's report is not enough, because it says `running` until the process has ended.
 */
export const goesOn: ContainerCommand =
  running(`set -- $("$0" inspect --type container --format '{{.State.Status}} {{.State.Pid}}' "$1")
[ "$1" = running ] || exit 1
while read -r field value rest; do
  case "$field$value" in
  State:[TtZX]*) exit 1 ;;
  SigPnd:*[13579bdf]?? | ShdPnd:*[13579bdf]??) exit 1 ;;
  esac
done <"/proc/$2/status"`)

/** The time that engines give a process after its stop signal. */
const ENDS_WITHIN_S = 10
/** The number of attempts to start the container, one per second. */
const STARTS_WITHIN_S = 20

/** The time limit for the command of `startedIfItEnds`. The waits within the command take less time. */
export const WATCHED_WITHIN_MS = 60_000

/**
 * Returns a command that waits until the process `pid` exits because of a signal, and then starts the container. If the
 * process does not exit in time, or had exited before the command began, the command starts nothing. In the latter
 * case, another undo command starts the container.
 */
export const startedIfItEnds = (engine: EngineProgram, name: string, pid: number): ProgramCommand => ({
  words: ['sh', '-c', STARTED_IF_IT_ENDS, engine, name, String(pid)],
})

// The command repeats the start: an engine may report an exited process as still running, and then ignore a start.
const STARTED_IF_IT_ENDS = `[ -d "/proc/$2" ] || exit 0
for each in $(seq ${ENDS_WITHIN_S * 20}); do
  [ -d "/proc/$2" ] || break
  sleep 0.05
done
[ -d "/proc/$2" ] && exit 0
for each in $(seq ${STARTS_WITHIN_S}); do
  "$0" start "$1"
  set -- "$1" "$2" "$("$0" inspect --type container --format '{{.State.Pid}}' "$1")"
  [ "$3" -gt 0 ] && [ "$3" != "$2" ] && exit 0
  sleep 1
done`

const YOUNG_S = 15
/** Clock ticks per second in /proc, the same on every Linux. */
const TICKS_PER_S = 100

/**
 * Returns a command that completes a stop whose signal was lost. The kernel drops the signal if the container's first
 * process has no handler yet, and the engine then waits until its timeout. The command kills a process without a
 * handler, as engines finally do. A young process with a handler gets the stop signal again, because its handler may be
 * new.
 */
export const stopAgain: ContainerCommand =
  running(`set -- $("$0" inspect --type container --format '{{.State.Status}} {{.State.Pid}} {{.Config.StopSignal}}' "$1")
pid=$2 signal=\${3:-15}
[ "$pid" -gt 0 ] || exit 0
case $signal in
SIGHUP | HUP) signal=1 ;;
SIGINT | INT) signal=2 ;;
SIGQUIT | QUIT) signal=3 ;;
SIGUSR1 | USR1) signal=10 ;;
SIGUSR2 | USR2) signal=12 ;;
*TERM) signal=15 ;;
[0-9]*) ;;
*) exit 0 ;;
esac
[ "$signal" -le 31 ] || exit 0
while read -r field value rest; do
  # The last eight digits are the signals up to 32.
  [ "$field" = SigCgt: ] && caught=\${value#????????}
done <"/proc/$pid/status"
[ $((0x$caught >> (signal - 1) & 1)) = 1 ] || exec kill -KILL "$pid"
began=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
now=$(cut -d . -f 1 /proc/uptime)
[ $((now - began / ${TICKS_PER_S})) -ge ${YOUNG_S} ] || kill -"$signal" "$pid"`)

/** Returns a command that kills the container's first process, without waiting for other commands of the engine. */
export const killNow: ContainerCommand =
  running(`set -- $("$0" inspect --type container --format '{{.State.Status}} {{.State.Pid}}' "$1")
[ "$2" -gt 0 ] && kill -KILL "$2"`)

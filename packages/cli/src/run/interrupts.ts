import { setMaxListeners } from 'node:events'
import { EXIT } from '@chaosproxy/engine/run'
import { print } from '../terminal/output.ts'

/** Handles Ctrl-C and SIGTERM: the first ends the work in good order, the second ends the process at once. */
export interface Interrupts {
  /** Aborted by the first. */
  readonly signal: AbortSignal
  /** Restores the signals' default meaning. */
  release(): void
}

/**
 * The signals that end a command. SIGHUP is ignored if no terminal is left whose end it could report: Node does not keep
 * that it was ignored (`nohup`), and cannot tell.
 */
export function endingSignals(): readonly NodeJS.Signals[] {
  if (hasTerminal()) return ['SIGINT', 'SIGTERM', 'SIGHUP']
  if (!process.listeners('SIGHUP').includes(ignore)) process.on('SIGHUP', ignore)
  return ['SIGINT', 'SIGTERM']
}

const ignore = (): void => {}

/** Whether somebody can send an interrupt by hand. */
export const hasTerminal = (): boolean => [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY)

const OF_A_RUN = 'Interrupted: healing and checking the record. Once more to end at once.'

/** The first interrupt prints the `announcement`. */
export function listenForInterrupts(announcement: string = OF_A_RUN): Interrupts {
  const interrupting = new AbortController()
  // Whatever is under way listens, and there may be much of it.
  setMaxListeners(0, interrupting.signal)
  const onSignal = () => {
    // Nodes end with this process: their keeper sees to it.
    if (interrupting.signal.aborted) process.exit(EXIT.interrupted)
    print(process.stderr, `\n  ${announcement}\n`)
    interrupting.abort()
  }
  const signals = endingSignals()
  for (const signal of signals) process.on(signal, onSignal)
  return {
    signal: interrupting.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

import { fillCommand, type Placeholders } from '../command/placeholders.ts'
import { wordsOf } from '../command/words.ts'
import type { Turn } from '../keeper/keeper.ts'
import type { ProgramCommand } from '../processes/command.ts'
import type { FailoverCommands } from './declaration.ts'

/** A fault of external processes, as the commands that inject and heal it. */
export interface CommandFault {
  readonly do: ProgramCommand
  /** Undefined if the fault needs no heal, or if only `undoLast` heals it. */
  readonly undo: ProgramCommand | undefined
  /** The undo command that runs if no other fault remains in force; by default `undo`. */
  readonly undoLast?: ProgramCommand | undefined
  readonly timeoutMs: number
  /** The turn in which the keeper runs the undo commands. If undefined, the keeper runs them in its usual order. */
  readonly turn?: Turn | undefined
}

const WITHIN_MS = 30_000

/** @throws UserError (input) for an empty command. */
export function planFault(commands: FailoverCommands | undefined, where: string): CommandFault | undefined {
  if (commands === undefined) return undefined
  return {
    do: { words: wordsOf(commands.do, `${where}.do`) },
    undo: commands.undo === undefined ? undefined : { words: wordsOf(commands.undo, `${where}.undo`) },
    timeoutMs: commands.withinMs ?? WITHIN_MS,
  }
}

/** @throws UserError (input) for an unknown placeholder. */
export function requireFilled(fault: CommandFault | undefined, placeholders: Placeholders): void {
  for (const command of [fault?.do, fault?.undo]) if (command !== undefined) fillCommand(command, placeholders)
}

import type { Completion } from '@chaosproxy/history'
import { type Command, commandOf } from './command.ts'
import type { MachineRequest } from './define-machine.ts'
import { type AnyObject, unsupported } from './objects/object.ts'

interface RequestTurn {
  readonly config: { readonly object: AnyObject }
  reply(requestId: string, result: Completion): void
}

/** Returns a handler that refuses the functions that the replicated object lacks. */
export const supported =
  <OfTurn extends RequestTurn>(handle: (turn: OfTurn, requestId: string, command: Command) => void) =>
  (turn: OfTurn, asked: MachineRequest): void => {
    const { requestId, input } = asked
    if (turn.config.object.functions.includes(input.f)) handle(turn, requestId, commandOf(asked))
    else turn.reply(requestId, unsupported)
  }

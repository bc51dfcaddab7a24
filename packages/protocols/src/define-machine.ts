import type { Completion, Input, Json } from '@chaosproxy/history'
import { type Command, commandOf } from './command.ts'
import type { NodeSetting, NodeStatus, StateMachine } from './machine.ts'
import { type AnyObject, unsupported } from './objects/object.ts'
import {
  type EffectOf,
  type MachineTypes,
  type MessageHandler,
  type MessageHandlers,
  type MessageOf,
  Turn,
} from './turn.ts'

/** A client's request. Its id is unique among all requests ever given to the node. */
export interface MachineRequest extends Command {
  readonly requestId: string
}

/** The handlers of a protocol's events. Each gets the step in progress, which has an outbox for effects. */
export interface MachineDefinition<Types extends MachineTypes, OfTurn extends Turn<Types> = Turn<Types>> {
  /** Returns the state of a node in its first life, before any event. */
  initial(node: NodeSetting, config: Types['config']): Types['state']
  /**
   * Restores the state that survives a kill. Called at a start with each durable record in order. If absent, nothing
   * survives.
   */
  redo?(turn: OfTurn, record: Types['record']): void
  /** Called after the records are restored: sets the first timers. */
  begin?(turn: OfTurn, journal: readonly Types['record'][]): void
  request(turn: OfTurn, request: MachineRequest): void
  readonly messages: {
    readonly [Type in Types['message']['type']]: MessageHandler<OfTurn, MessageOf<Types['message'], Type>>
  }
  /** Handlers by the first word of the timer's name; the rest of the name is the subject. */
  readonly timers: { readonly [Name in FirstWord<Types['timer']>]: (turn: OfTurn, subject: string) => void }
  /** Called before and after each event. */
  before?(turn: OfTurn): void
  after?(turn: OfTurn): void
  status(state: Types['state'], config: Types['config']): NodeStatus
  /** See `StateMachine`. */
  holds?(state: Types['state'], read: Input, config: Types['config']): Json | undefined
  /** The class of steps. Needed only if steps have members that `Turn` lacks. */
  readonly turn?: new (
    ...args: ConstructorParameters<typeof Turn<Types>>
  ) => OfTurn
}

type FirstWord<Timer extends string> = Timer extends `${infer Name} ${string}` ? Name : Timer

type MachineOf<Types extends MachineTypes> = StateMachine<Types['state'], Types['message'], Types['record']>

export type MachineMaker<Types extends MachineTypes> = (config: Types['config']) => MachineOf<Types>

/**
 * Defines a state machine by its handlers. Should be called once, at the top level of a module, because handlers
 * created for each run are slower.
 */
export function defineMachine<Types extends MachineTypes, OfTurn extends Turn<Types> = Turn<Types>>(
  definition: MachineDefinition<Types, OfTurn>,
): (config: Types['config']) => MachineOf<Types> {
  const { initial, redo, begin, request, before, after, status, holds } = definition
  const OwnTurn = definition.turn ?? (Turn as new (...args: ConstructorParameters<typeof Turn<Types>>) => OfTurn)
  const messages: MessageHandlers = {
    types: Object.keys(definition.messages),
    handlers: Object.values<MessageHandler<never, never>>(definition.messages),
  }
  const timers = new Map<string, (turn: OfTurn, subject: string) => void>(Object.entries(definition.timers))

  function ring(turn: OfTurn, timer: string): void {
    const handle = timers.get(timer)
    if (handle !== undefined) handle(turn, '')
    else ringFor(turn, timer)
  }

  function ringFor(turn: OfTurn, timer: string): void {
    const space = timer.indexOf(' ')
    const handle = space < 0 ? undefined : timers.get(timer.slice(0, space))
    if (handle === undefined) throw new Error(`no timer "${timer}": those with a handler are ${[...timers.keys()]}`)
    handle(turn, timer.slice(space + 1))
  }

  const machineWith = (config: Types['config'], gathered: EffectOf<Types>[]): MachineOf<Types> => ({
    start(node, journal, now) {
      const turn = new OwnTurn(config, initial(node, config), now, now, messages, gathered)
      if (redo !== undefined) for (const record of journal) redo(turn, record)
      begin?.(turn, journal)
      return { state: turn.state, effects: turn.effects }
    },
    step(state, event, now, steady) {
      const turn = new OwnTurn(config, state, now, steady, messages, gathered)
      before?.(turn)
      switch (event.type) {
        case 'message':
          turn.receive(event.message, event.from)
          break
        case 'request':
          request(turn, event)
          break
        case 'timer':
          ring(turn, event.timer)
          break
        default:
          event satisfies never
      }
      after?.(turn)
      return { state, effects: turn.effects }
    },
    status: (state) => status(state, config),
    ...(holds === undefined ? {} : { holds: (state, read) => holds(state, read, config) }),
  })
  return (config) => machineWith(config, [])
}

interface RequestTurn {
  readonly config: { readonly object: AnyObject }
  reply(requestId: string, result: Completion): void
}

/** Returns a handler that refuses the functions that the replicated object lacks. */
export const supported =
  <OfTurn extends RequestTurn>(handle: (turn: OfTurn, requestId: string, command: Command) => void) =>
  (turn: OfTurn, request: MachineRequest): void => {
    const { requestId, input } = request
    if (turn.config.object.functions.includes(input.f)) handle(turn, requestId, commandOf(request))
    else turn.reply(requestId, unsupported)
  }

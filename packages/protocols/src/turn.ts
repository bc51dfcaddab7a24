import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Millis } from '@chaosproxy/history'
import type { Effect } from './machine.ts'

/** The types of a machine's configuration, state, messages, records and timers. */
export interface MachineTypes {
  readonly config?: unknown
  /** A node's memory, lost in a kill. */
  readonly state: { readonly id: NodeId }
  readonly message: { readonly type: string }
  /** A durable record, which survives a kill. */
  readonly record: unknown
  /** Names of timers, such as `'tick'`, or `` `expire ${string}` `` for one timer per subject. */
  readonly timer: string
}

export interface Types<
  Config,
  State extends { readonly id: NodeId },
  Message extends { readonly type: string },
  Record,
  Timer extends string,
> {
  readonly config: Config
  readonly state: State
  readonly message: Message
  readonly record: Record
  readonly timer: Timer
}

/** The messages of a protocol. The name of each member becomes the `type` of a message. */
export type MessagesOf<Variants> = Tagged<'type', Variants>

/** The durable records of a protocol. The name of each member becomes the `kind` of a record. */
export type RecordsOf<Variants> = Tagged<'kind', Variants>

/** A tagged union. The name of each member becomes the value of the tag. */
export type Tagged<Tag extends string, Variants> = {
  readonly [Name in keyof Variants]: Readonly<Record<Tag, Name> & Variants[Name]>
}[keyof Variants]

/** The messages of one type. */
export type MessageOf<Message extends { readonly type: string }, Type extends Message['type']> = Message extends unknown
  ? Type extends Message['type']
    ? Message & { readonly type: Type }
    : never
  : never

export type MessageHandler<OfTurn, Message> = (turn: OfTurn, message: Message, from: NodeId) => void

export type Handler<Types extends MachineTypes, Type extends Types['message']['type']> = MessageHandler<
  Turn<Types>,
  MessageOf<Types['message'], Type>
>

/** The handlers of some types of messages, for one role of a node. */
export type Handlers<Types extends MachineTypes, Type extends Types['message']['type']> = {
  readonly [Each in Type]: Handler<Types, Each>
}

/** Message handlers in two parallel lists. A search among few types takes less time than a map. */
export interface MessageHandlers {
  readonly types: readonly string[]
  readonly handlers: readonly MessageHandler<never, never>[]
}

export type EffectOf<Types extends MachineTypes> = Effect<Types['message'], Types['record']>

const NO_EFFECTS: readonly never[] = []

/** One step in progress: its inputs, and an outbox for the node's effects. */
export class Turn<Types extends MachineTypes> {
  // Members are declared here and assigned only once, because assignments take time. A step of the simulator takes less
  // than a microsecond.
  declare readonly config: Types['config']
  declare readonly state: Types['state']
  /** The time by the node's wall clock. */
  declare readonly now: Millis
  /**
   * The time by the node's monotonic clock. While the machine starts, it equals `now`, because `StateMachine.start`
   * gets no monotonic time.
   */
  declare readonly steady: Millis
  declare private readonly handlers: MessageHandlers
  /**
   * All steps of a machine collect their effects in this array. Most steps have one or two effects, but V8 would
   * enlarge each new array to seventeen elements.
   */
  declare private readonly gathered: EffectOf<Types>[]
  declare private count: number

  constructor(
    config: Types['config'],
    state: Types['state'],
    now: Millis,
    steady: Millis,
    handlers: MessageHandlers,
    gathered: EffectOf<Types>[],
  ) {
    this.config = config
    this.state = state
    this.now = now
    this.steady = steady
    this.handlers = handlers
    this.gathered = gathered
    this.count = 0
  }

  /** Sends a message. A message from a node to itself is received within the same step. */
  send(to: NodeId, message: Types['message']): void {
    if (to === this.state.id) this.receive(message, to)
    else this.emit({ type: 'send', to, message })
  }

  reply(requestId: string, result: Completion): void {
    this.emit({ type: 'reply', requestId, result })
  }

  /** Persists a record. No later effect is executed before the record is durable. */
  persist(record: Types['record']): void {
    this.emit({ type: 'persist', record })
  }

  /** Persists a record. With the bug, the node keeps the record in memory only. */
  persistUnless(bug: string, record: Types['record']): void {
    if (!this.suffers(bug)) this.persist(record)
  }

  /** Sets a timer; setting it again replaces it. */
  setTimer(timer: Types['timer'], afterMs: Millis): void {
    this.emit({ type: 'setTimer', timer, afterMs })
  }

  cancelTimer(timer: Types['timer']): void {
    this.emit({ type: 'cancelTimer', timer })
  }

  log(text: string): void {
    this.emit({ type: 'log', text })
  }

  /** Records that a deliberate bug took effect. */
  mark(): void {
    this.put({ type: 'mark' })
  }

  /** Returns whether this node has the bug. If it has, records that the bug took effect. */
  suffers(bug: string): boolean {
    const has = (this.config as { readonly bug?: string } | undefined)?.bug === bug
    if (has) this.mark()
    return has
  }

  /** Handles a message. A message without a handler is ignored, because a node cannot choose what other nodes send. */
  receive(message: Types['message'], from: NodeId): void {
    const { types, handlers } = this.handlers
    const { type } = message
    for (let i = 0; i < types.length; i++)
      if (types[i] === type) {
        const handle = handlers[i] as MessageHandler<this, Types['message']>
        handle(this, message, from)
        return
      }
  }

  get effects(): readonly EffectOf<Types>[] {
    const { gathered } = this
    // Nine of ten steps have at most three effects. For so few effects, an array literal takes half the time of
    // `slice`.
    switch (this.count) {
      case 0:
        return NO_EFFECTS
      case 1:
        return [gathered[0] as EffectOf<Types>]
      case 2:
        return [gathered[0] as EffectOf<Types>, gathered[1] as EffectOf<Types>]
      case 3:
        return [gathered[0] as EffectOf<Types>, gathered[1] as EffectOf<Types>, gathered[2] as EffectOf<Types>]
      default:
        return gathered.slice(0, this.count)
    }
  }

  protected emit(effect: EffectOf<Types>): void {
    this.put(effect)
  }

  protected put(effect: EffectOf<Types>): void {
    this.gathered[this.count++] = effect
  }

  protected empty(): void {
    this.count = 0
  }
}

import { type Link, linkName, type Random, type TcpFault, Trigger } from '@chaosproxy/faults'
import type { Placed } from '../delivery/plan.ts'
import { type StandingHarm, stages } from '../delivery/registry.ts'
import type { Stage, StageContext, Timetable } from '../delivery/stage.ts'
import type { Tape } from '../tape/tape.ts'
import type { Affliction, StandingFault } from './affliction.ts'

/** A link's traffic and faults since the network was created. */
export interface LinkStatistics {
  /** Bytes received from the sender. */
  readonly bytes: number
  /** The number of reads from the sender's socket that returned bytes. */
  readonly chunks: number
  /** Bytes written to the receiver's socket. */
  readonly deliveredBytes: number
  /** Bytes discarded by a fault. */
  readonly droppedBytes: number
  readonly connections: number
  readonly liveConnections: number
  /** Dials and accepts that failed for a reason other than a fault. */
  readonly failedDials: number
  readonly failedAccepts: number
  /** How often the link's faults acted. */
  readonly hits: number
}

/** One direction of one connection, as its link sees it. */
export interface Flow {
  /** The dialling address. */
  readonly client: string
  readonly acceptedAtMs: number
  readonly direction: 'requests' | 'responses'
  /** The stages of the faults in force, in order. */
  readonly stages: readonly Placed[]
  /** Sets the stages. They take effect when `stagesChanged` is called, after the stages of all links have been set. */
  setStages(stages: readonly Placed[]): void
  stagesChanged(): void
  /** The flow's connection, which also has a flow in the other direction. */
  readonly connection: { abort(): void }
}

interface Attachment<Of extends TcpFault = StandingFault> {
  readonly affliction: Affliction<Of>
  /** The fault's number on this link, from 1. It selects the fault's random streams. */
  readonly number: number
  readonly shared: Timetable
  /** Chooses the connections that the fault may hit. */
  trigger: Trigger
  /** How often the trigger of the fault has changed. After each change, the fault's connections are chosen again. */
  choices: number
  readonly victims: Map<Flow, Placed | undefined>
}

const triggerOf = ({ fault }: Affliction): Trigger => new Trigger(fault.when)

/** A link: the faults on it, and its live flows. */
export class LinkState {
  readonly name: string
  /** The tape of the link's traffic; undefined if the traffic is not kept. */
  readonly tape: Tape | undefined
  bytes = 0
  chunks = 0
  deliveredBytes = 0
  droppedBytes = 0
  hits = 0
  connections = 0
  failedDials = 0
  failedAccepts = 0
  readonly #random: Random
  /** The live flows with the numbers of their connections. */
  readonly #flows: Map<Flow, number> = new Map()
  #attachments: readonly Attachment[] = []
  #attached = 0

  constructor(link: Link, random: Random, tape?: Tape | undefined) {
    this.name = linkName(link)
    this.tape = tape
    this.#random = random.fork(this.name)
  }

  join(flow: Flow): void {
    this.connections++
    this.#flows.set(flow, this.connections)
    if (this.#attachments.length === 0) return
    for (const attachment of this.#attachments) this.#choose(attachment, flow)
    flow.setStages(this.#stagesOf(flow))
  }

  leave(flow: Flow): void {
    this.#flows.delete(flow)
    for (const { victims } of this.#attachments) victims.delete(flow)
  }

  add(affliction: Affliction<StandingFault>): void {
    this.#attachments = [...this.#attachments, this.#attach(affliction)]
  }

  /** Chooses the flows for a fault that acts once, and counts them as hits. */
  chooseOnce(affliction: Affliction): readonly Flow[] {
    const victims = [...this.#attach(affliction).victims.keys()]
    this.hits += victims.length
    return victims
  }

  /** As with `add`. */
  remove(affliction: Affliction): void {
    this.#attachments = this.#attachments.filter((other) => other.affliction !== affliction)
  }

  /** Chooses the flows of a fault again, because its trigger has changed. */
  chooseAnew(affliction: Affliction): void {
    const attachment = this.#attachments.find((other) => other.affliction === affliction)
    if (attachment === undefined) return
    attachment.trigger = triggerOf(attachment.affliction)
    attachment.choices++
    const before = new Map(attachment.victims)
    attachment.victims.clear()
    for (const flow of this.#flows.keys()) {
      this.#choose(attachment, flow)
      // A flow that the fault chooses again keeps its state.
      if (attachment.victims.has(flow)) attachment.victims.set(flow, before.get(flow))
    }
  }

  /**
   * Gives every live flow the stages of the faults that now apply to it. Returns the flows to notify. The caller must
   * call `settle` of all links before it notifies any flow.
   */
  settle(): readonly Flow[] {
    const changed: Flow[] = []
    for (const flow of this.#flows.keys()) {
      const stages = this.#stagesOf(flow)
      if (flow.stages.length === 0 && stages.length === 0) continue
      flow.setStages(stages)
      changed.push(flow)
    }
    return changed
  }

  statistics(): LinkStatistics {
    return {
      bytes: this.bytes,
      chunks: this.chunks,
      deliveredBytes: this.deliveredBytes,
      droppedBytes: this.droppedBytes,
      connections: this.connections,
      liveConnections: this.#flows.size,
      failedDials: this.failedDials,
      failedAccepts: this.failedAccepts,
      hits: this.hits,
    }
  }

  #attach<Of extends TcpFault>(affliction: Affliction<Of>): Attachment<Of> {
    this.#attached++
    const attachment: Attachment<Of> = {
      affliction,
      number: this.#attached,
      shared: { freeAtMs: 0 },
      trigger: triggerOf(affliction),
      choices: 0,
      victims: new Map(),
    }
    for (const flow of this.#flows.keys()) this.#choose(attachment, flow)
    return attachment
  }

  #choose(attachment: Attachment<TcpFault>, flow: Flow): void {
    const { affliction, trigger, number, choices, victims } = attachment
    if (affliction.isForClient?.(flow.client) === false) return
    const draw = () => this.#randomOf(flow).fork(`choice ${number}.${choices}`).next()
    if (trigger.chooses(draw)) victims.set(flow, undefined)
  }

  #stagesOf(flow: Flow): readonly Placed[] {
    const stages: Placed[] = []
    for (const attachment of this.#attachments) {
      const { affliction, victims } = attachment
      if (!affliction.inForce || !victims.has(flow)) continue
      const placed = victims.get(flow) ?? this.#place(attachment, flow)
      victims.set(flow, placed)
      stages.push(placed)
    }
    return stages
  }

  /** Returns the flow's random stream. It depends only on the seed, the link and the connection's number. */
  #randomOf(flow: Flow): Random {
    return this.#random.fork(String(this.#flows.get(flow)))
  }

  #place({ affliction, number, shared }: Attachment, flow: Flow): Placed {
    let random: Random | undefined
    const hit = (times = 1): void => {
      affliction.hits += times
      this.hits += times
    }
    const stage = createStage(affliction.fault.kind, {
      harm: () => affliction.fault,
      random: () => {
        random ??= this.#randomOf(flow).fork(`fault ${number}`)
        return random
      },
      hit,
      direction: flow.direction,
      connection: flow.connection,
      acceptedAtMs: flow.acceptedAtMs,
      shared,
    })
    return {
      stage,
      get afterBytes() {
        return affliction.fault.when?.afterBytes ?? 0
      },
      hit,
    }
  }
}

export const createStage = (kind: StandingHarm['kind'], context: StageContext): Stage =>
  // The compiler cannot infer that `context` belongs to the kind of fault that `stages[kind]` accepts.
  (stages[kind] as (context: StageContext) => Stage)(context)

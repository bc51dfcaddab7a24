import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { MachineEvent } from '../machine.ts'
import type { PaxosMessage, PaxosState, Proposal } from './state.ts'

type Watch = InvariantWatch<PaxosState, PaxosMessage>
type SeenEvent = MachineEvent<PaxosMessage> | undefined

export const paxosInvariants: readonly Invariant[] = [
  /** "a promise never again to accept a proposal numbered less than n" (§2.2). */
  { name: 'promises are kept', watch: watchPromises },
  /**
   * "If a proposal with value v is chosen, then every higher-numbered proposal issued by any proposer has value v"
   * (P2b, §2.2).
   */
  { name: 'chosen values stay chosen', watch: watchChosen },
  /** No two nodes apply different commands of the same slot (§3). */
  { name: 'replicas agree', watch: watchAgreement },
]

/** A promise counts once another node has received it. Before that, a crash may undo it. */
function watchPromises(): Watch {
  const promised = new Map<NodeId, number>()
  return (node) => (state, event) => {
    if (event?.type === 'message' && event.message.type === 'promise')
      promised.set(event.from, Math.max(promised.get(event.from) ?? 0, event.message.ballot))
    const before = promised.get(node) ?? 0
    return state.promised < before ? `${node} promised ballot ${before} and is back at ${state.promised}` : undefined
  }
}

interface Slot {
  readonly acceptors: Map<number, Set<NodeId>>
  chosen: Proposal | undefined
}

function watchChosen(): Watch {
  const slots = new Map<number, Slot>()
  const slotOf = (number: number): Slot => {
    const slot = slots.get(number) ?? { acceptors: new Map(), chosen: undefined }
    slots.set(number, slot)
    return slot
  }

  /** Records that `proposer` knows of an acceptance by `acceptor`. The proposal is then on the disks of both nodes. */
  function accepted(number: number, { ballot, command }: Proposal, proposer: PaxosState, acceptor: NodeId): void {
    const slot = slotOf(number)
    const acceptors = slot.acceptors.get(ballot) ?? new Set([proposer.id])
    slot.acceptors.set(ballot, acceptors.add(acceptor))
    if (acceptors.size > proposer.nodes.length / 2 && (slot.chosen?.ballot ?? ballot) >= ballot)
      slot.chosen = { ballot, command }
  }

  return () => (state, event) => {
    if (event?.type !== 'message') return undefined
    const { message, from } = event
    if (message.type === 'accepted') {
      for (let slot = message.from; slot < message.from + message.count; slot++) {
        const proposal = state.accepted.get(slot)
        if (proposal?.ballot === message.ballot) accepted(slot, proposal, state, from)
      }
      return undefined
    }
    if (message.type !== 'accept') return undefined
    const { ballot, commands } = message
    for (const [i, command] of commands.entries()) {
      const chosen = slots.get(message.from + i)?.chosen
      if (chosen !== undefined && ballot > chosen.ballot && !isSame(command, chosen.command))
        return `slot ${message.from + i} was chosen with ballot ${chosen.ballot}, and ballot ${ballot} proposes something else for it`
    }
    return undefined
  }
}

function watchAgreement(): Watch {
  const commands = new Map<number, Proposal['command']>()
  return (node) => {
    let seen = 0
    return (state, event: SeenEvent) => {
      if (event === undefined) seen = 0
      for (; seen < state.applied; seen++) {
        const slot = seen + 1
        const command = state.accepted.get(slot)?.command ?? null
        const first = commands.get(slot)
        if (first === undefined) commands.set(slot, command)
        else if (!isSame(first, command))
          return `${node} applied a command of slot ${slot} that differs from the one applied before`
      }
      return undefined
    }
  }
}

const isSame = (one: Proposal['command'], other: Proposal['command']): boolean =>
  one === other || JSON.stringify(one) === JSON.stringify(other)

import type { NodeId } from '@chaosproxy/faults'
import type { InvariantWatch, ProtocolDefinition } from '../definition.ts'
import { lastIndex } from '../log.ts'
import { type LogProtocol, watchAgreement, watchCompleteness, watchLogMatching } from '../log-invariants.ts'
import { bug, defineProtocol } from '../options.ts'
import { routingSettings, successionSettings, withSilence } from '../routing/succession.ts'
import { createChain } from './machine.ts'
import { type ChainMessage, type ChainState, isActive, isHead, isTail, predecessorOf } from './state.ts'
import { serve } from './updates.ts'

const histories: LogProtocol<ChainState> = {
  leads: isHead,
  term: ({ epoch }) => epoch,
  log: ({ log }) => log,
  // An entry is on the disk of every node once the tail's acknowledgement has reached another node. The tail itself
  // counts an entry as acknowledged once it has executed the entry. The entry may then not be on its disk yet, and may
  // still be lost. So none of the tail's entries counts as settled.
  settled: (state) => (isTail(state) ? 0 : state.acked),
}

type Watch = InvariantWatch<ChainState, ChainMessage>

/**
 * Compares only the lengths of histories. The invariant "histories agree" ensures that the shorter history is a prefix
 * of the longer one.
 */
function watchPropagation(): Watch {
  const states = new Map<NodeId, ChainState>()
  return (node) => (state) => {
    states.set(node, state)
    const before = predecessorOf(state)
    const predecessor = before === undefined ? undefined : states.get(before)
    if (!isActive(state) || predecessor?.epoch !== state.epoch) return undefined
    const [own, others] = [lastIndex(state.log), lastIndex(predecessor.log)]
    return own > others ? `${node} has ${own} updates, and ${before} before it has ${others}` : undefined
  }
}

export const chain: ProtocolDefinition = defineProtocol({
  name: 'chain',
  summary: 'chain replication: updates go from head to tail, and the tail answers; a majority reconfigures the chain',
  defaultNodes: 5,
  settings: { ...successionSettings('head', 'reconfigures the chain'), ...routingSettings('head') },
  bugs: {
    'head-answers': bug('the head answers an update before it has gone along the chain', ['isolate-leader']),
    'no-inprocess-resend': bug('updates in process are not sent to the new successor when the chain changes', [
      'isolate-leader',
      'pause',
      'kill',
    ]),
    'read-from-anywhere': bug('every node answers queries from its own copy', ['delay', 'partition']),
  },
  invariants: [
    /** An update that a tail has acknowledged is in the history of every later head (§3.1). */
    { name: 'answered updates survive', watch: () => watchCompleteness(histories) },
    /**
     * If two nodes each know that the tail has executed an update with a certain number, both know the same update
     * (§3).
     */
    { name: 'nodes agree', watch: () => watchAgreement(histories) },
    /** Two histories with an update of the same number and epoch are identical up to it. */
    { name: 'histories agree', watch: () => watchLogMatching(histories) },
    /** The history of each server is a prefix of the history of every earlier server in the chain (§3.1). */
    { name: 'update propagation', watch: watchPropagation },
  ],
  promises: () => 'linearizable',
  create: (chosen) => createChain({ serve, ...withSilence(chosen) }),
})

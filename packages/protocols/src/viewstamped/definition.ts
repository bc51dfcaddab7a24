import type { ProtocolDefinition } from '../definition.ts'
import { bug, defineProtocol } from '../options.ts'
import { readsSetting, routingSettings, successionSettings, withSilence } from '../routing/succession.ts'
import { viewstampedInvariants } from './invariants.ts'
import { createViewstamped, serve } from './machine.ts'

export const viewstamped: ProtocolDefinition = defineProtocol({
  name: 'viewstamped',
  summary:
    'Viewstamped Replication: nodes take turns as primary; view changes; recovery from the other nodes or from disk',
  defaultNodes: 5,
  settings: {
    ...successionSettings('primary', 'starts a view change'),
    recovery: {
      summary: 'where a restarted node gets its log: from its disk, or from the others, as in the paper (nonce)',
      default: 'disk',
      values: ['disk', 'nonce'],
      worthTrying: ['nonce'],
    },
    reads: readsSetting('primary'),
    ...routingSettings('primary'),
  },
  bugs: {
    'stale-view-change': bug(
      'a new primary takes the longest log, even if a node with a shorter log was normal in a later view',
      ['isolate-leader', 'partition'],
    ),
    'answer-before-prepare-ok': bug('the primary answers before f backups have the request', ['isolate-leader']),
    'skip-recovery': bug('a node that has lost its log takes part again at once', ['kill'], {
      settings: { recovery: 'nonce' },
    }),
    'forget-view': bug(
      'view numbers are kept in memory only, so a node may restart in a view that it had left',
      ['kill', 'isolate-leader'],
      { settings: { recovery: 'disk' } },
    ),
  },
  invariants: viewstampedInvariants,
  promises: () => 'linearizable',
  // If a majority restarts without its log, no node can recover: at most f nodes may recover at once (Liskov & Cowling
  // 2012, §4.3).
  mayStopUnder: ({ recovery }) => (recovery === 'nonce' ? ['kill', 'crash'] : []),
  impossible: ({ recovery }, nodes) =>
    recovery === 'nonce' && nodes < 3
      ? `recovery=nonce needs 3 nodes, because a restarted node asks a majority of all; there are ${nodes}`
      : undefined,
  create: (chosen) => createViewstamped({ serve, ...withSilence(chosen) }),
})

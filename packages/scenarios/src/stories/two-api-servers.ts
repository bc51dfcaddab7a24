import { millis } from '@chaosproxy/history'
import { beats, during, stall, threeNodes } from '../beats.ts'
import { neverOlder } from '../ledgers.ts'
import type { Story, Tale } from '../story.ts'

const system = {
  ...threeNodes,
  target: 'watch-cache',
  timeoutMs: millis(1_500),
  cast: ['Scheduler', 'Kubelet'],
} satisfies Partial<Tale>

const before = beats`
  100 Scheduler n2 write pod-0 here -- n1 is the store; n2 and n3 are API servers that watch it. The scheduler places a pod here, where the kubelet starts it.
  ${during([300, 3_000], stall('n1', 'n3'), 'What the store sends to the API server n3 is late.')}
  400 Scheduler n2 write pod-0 elsewhere -- The pod is moved, and started elsewhere.
  600 Kubelet n2 read pod-0 = elsewhere -- The kubelet asks n2, and stops the pod: it has moved.`

const after = '3500 Kubelet n3 read pod-0 = elsewhere -- n3 has caught up.'

export const twoApiServers: Story = {
  name: 'two-api-servers',
  summary: 'a client switches API servers, sees an older state, and starts a pod that runs elsewhere',
  told: [
    {
      ...system,
      title: 'reads from the watch cache of any API server',
      beats: beats`
        ${before}
        1000 Kubelet n3 read pod-0 = here -- The kubelet restarts and connects to n3, whose cache has not received the move. It starts the pod: one name, running twice.
        ${after}`,
      ending: {
        verdicts: { linearizable: 'violated', sequential: 'violated', 'monotonic-reads': 'violated', eventual: 'met' },
        finally: { 'pod-0': 'elsewhere' },
        says: 'Each cache only moves forward. The client went back by switching caches.',
      },
    },
  ],
  fix: {
    ...system,
    title: 'consistent reads from the cache',
    targetSettings: { reads: 'consistent' },
    beats: beats`
      ${before}
      1000 Kubelet n3 read pod-0 refused -- n3 asks the store for its revision, to wait until its cache has reached it. No answer comes, and n3 refuses the read.
      ${after}`,
    ending: {
      verdicts: { linearizable: 'met', eventual: 'met' },
      finally: { 'pod-0': 'elsewhere' },
      says: 'The price: each read first asks the store for one number (not for the data), and fails while the store is unreachable.',
    },
  },
  ledger: neverOlder('pod-0'),
  lesson:
    'A cache that only lags is harmless until a client uses two: switching between them, it may go back in time and undo its own work. Let the client carry the revision it has seen, or let the cache ask the store which revision it must reach.',
  source:
    'Kubernetes issue 59848, 2018 (a restarted kubelet reads an older state); Kubernetes enhancement 2340: Consistent reads from cache, 2023; X. Sun et al.: Automatic Reliability Testing for Cluster Management Controllers, 2022 (time travel)',
}

/** A test that may be tried again once, because its outcome depends on something outside this repository. */
export interface RetriedTest {
  /** From the top of the repository. */
  readonly file: string
  /** The title of the test; if absent, every test of the file. */
  readonly title?: string
  /** What the outcome depends on, outside this repository. */
  readonly reason: string
}

const BY_CHANCE =
  'whether real processes show a mistake within seconds depends on how the machine schedules them: each attempt draws anew'
const ON_A_BUSY_MACHINE =
  'real processes get a few seconds: on a machine that is busy with something else they may serve too little to judge'

/**
 * All tests that may be tried again. A test that fails now and then for any other reason has a bug, or has found one.
 */
export const RETRIED: readonly RetriedTest[] = [
  {
    file: 'packages/cli/test/soak/published/published.test.ts',
    reason: 'npm, yarn and pnpm download what the packages depend on from a registry on the network',
  },
  {
    file: 'packages/cli/test/process/docs/readme.patient.test.ts',
    title: 'npx chaos run',
    reason: ON_A_BUSY_MACHINE,
  },
  {
    file: 'packages/cli/test/process/commands/config.patient.test.ts',
    title: 'a named run and its workload are resolved from the configuration, and options override both',
    reason: ON_A_BUSY_MACHINE,
  },
  {
    file: 'packages/cli/test/process/run/own-service.patient.test.ts',
    title: "a user's service whose replicas return stale reads is not linearizable",
    reason: BY_CHANCE,
  },
  {
    file: 'packages/proxy/test/process/grpc/etcd.test.ts',
    title: 'the verdict on etcd is "violated" after a stale read from a follower',
    reason: BY_CHANCE,
  },
  {
    file: 'packages/databases/test/process/redis/redis.test.ts',
    title: 'replicas of Redis return stale reads, unless WAIT has confirmed the write',
    reason: BY_CHANCE,
  },
  {
    file: 'packages/cli/test/process/docs/readme.patient.test.ts',
    title: 'npx chaos run --bug ack-before-majority --time 5s --expect linearizable',
    reason: BY_CHANCE,
  },
  {
    file: 'packages/cli/test/process/commands/init.patient.test.ts',
    title: 'chaos init --example writes a service whose run passes, and fails with reads=local',
    reason: BY_CHANCE,
  },
  ...[
    ...['docs/examples', 'run/redis', 'simulate/replay-real'],
    ...['alone/run/planted', 'alone/run/postgres', 'alone/run/seeds'],
  ].map((name) => ({
    file: `packages/cli/test/soak/${name}.test.ts`,
    reason: BY_CHANCE,
  })),
]

/** The entry that allows a test to be tried again. */
export const retriedAs = (file: string, title: string, list = RETRIED): RetriedTest | undefined =>
  list.find((entry) => entry.file === file && (entry.title ?? title) === title)

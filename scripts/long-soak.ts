import type { Reporter } from 'vitest/node'

/** A soak file that CI has no time for, and what holds the same rules in CI. */
export interface LongFile {
  readonly file: string
  readonly inCi: string
}

const SIMULATOR = 'packages/simulator/test'
const CLI = 'packages/cli/test'

/** Their tests that `npm run test:commands` has no time for take a minute or more each file. */
const PATIENT_FILES = [
  'commands/init',
  'docs/readme',
  'pages/report-in-browser',
  'queue/queue',
  'queue/queue-check',
  'record/record-python',
  'run/own-cluster',
  'run/own-service',
  'run/protocol-authors',
  'run/run',
  'run/virtual-maelstrom',
  'simulate/recovery',
  'simulate/service-target',
  'simulate/simulate',
  'simulate/simulate-postgresql',
  'simulate/simulate-redis',
]

/** The files that `CHAOS_SOAK=short` leaves out. The whole soak runs them. */
export const LONG_FILES: readonly LongFile[] = [
  ...['doubts', 'objects', 'registers', 'sessions'].map((name) => ({
    file: `packages/checker/test/${name}.soak.test.ts`,
    inCi: 'the same properties over fewer histories, in npm test',
  })),
  { file: `${SIMULATOR}/guide.soak.test.ts`, inCi: `${SIMULATOR}/search.test.ts` },
  { file: `${SIMULATOR}/replicated-objects.soak.test.ts`, inCi: `${SIMULATOR}/replicated-objects.test.ts` },
  { file: `${SIMULATOR}/search.soak.test.ts`, inCi: `${SIMULATOR}/search.test.ts` },
  { file: `${SIMULATOR}/shrink.soak.test.ts`, inCi: `${SIMULATOR}/shrink.test.ts` },
  { file: 'packages/node-simulator/test/memory.soak.test.ts', inCi: 'packages/node-simulator/test' },
  { file: 'packages/proxy/test/proxy.soak.test.ts', inCi: 'packages/proxy/test, with fewer bytes' },
  { file: 'scripts/mutate.soak.test.ts', inCi: 'scripts/mutations/mutations.test.ts' },
  { file: `${CLI}/check/large.soak.test.ts`, inCi: 'packages/engine/test/large.test.ts' },
  { file: `${CLI}/check/memory.soak.test.ts`, inCi: 'packages/engine/test/large.test.ts' },
  { file: `${CLI}/commands/scenario.soak.test.ts`, inCi: `${CLI}/commands/scenario.test.ts` },
  { file: `${CLI}/pages/timeline-in-browser.soak.test.ts`, inCi: `${CLI}/pages/report-in-browser.test.ts` },
  { file: `${CLI}/queue/queue-chaos.soak.test.ts`, inCi: `${CLI}/queue/queue-faults.soak.test.ts` },
  { file: `${CLI}/queue/queue-exhausted.soak.test.ts`, inCi: `${CLI}/queue/queue-faults.soak.test.ts` },
  { file: `${CLI}/queue/queue-trouble.soak.test.ts`, inCi: `${CLI}/queue/queue-faults.soak.test.ts` },
  { file: `${CLI}/queue/run-queue-stale.soak.test.ts`, inCi: `${CLI}/queue/run-queue.soak.test.ts` },
  { file: `${CLI}/record/mysql-suggested.soak.test.ts`, inCi: 'packages/recorder/test/postgresql/proposal.test.ts' },
  { file: `${CLI}/record/recording-days.soak.test.ts`, inCi: 'packages/proxy/test/record-file' },
  { file: `${CLI}/run/clocks.soak.test.ts`, inCi: 'packages/targets/test/preload/clock.test.ts' },
  { file: `${CLI}/run/own-disk-and-clock.soak.test.ts`, inCi: 'packages/targets/test/containers' },
  { file: `${CLI}/run/power-loss-of-go-servers.soak.test.ts`, inCi: 'packages/targets/test/preload/power.test.ts' },
  { file: `${CLI}/run/etcd-frozen-disk.soak.test.ts`, inCi: 'packages/targets/test/preload/power.test.ts' },
  { file: `${CLI}/run/planted.soak.test.ts`, inCi: 'packages/checker/test/limits.test.ts' },
  ...['etcd', 'payments', 'scaled', 'sentinel'].map((name) => ({
    file: `${CLI}/containers/${name}-compose.soak.test.ts`,
    inCi: `${CLI}/containers/compose.soak.test.ts`,
  })),
  { file: `${CLI}/containers/image.soak.test.ts`, inCi: `${CLI}/containers/containers.soak.test.ts` },
  { file: `${CLI}/record/postgres-drivers.soak.test.ts`, inCi: `${CLI}/record/postgres-transactions.soak.test.ts` },
  {
    file: `${CLI}/record/postgres-standby-transactions.soak.test.ts`,
    inCi: `${CLI}/run/postgres-standby.soak.test.ts`,
  },
  { file: `${CLI}/record/postgres-queue.soak.test.ts`, inCi: 'packages/recorder/test/postgresql/whole.test.ts' },
  { file: `${CLI}/record/postgres-tls.soak.test.ts`, inCi: `${CLI}/record/record-tls.test.ts` },
  { file: `${CLI}/run/bypassed-bridge.soak.test.ts`, inCi: 'packages/targets/test/containers/attach.soak.test.ts' },
  ...PATIENT_FILES.map((name) => ({
    file: `${CLI}/${name}.test.ts`,
    inCi: `the other tests of that file, in npm run test:commands`,
  })),
  { file: `${CLI}/containers/docker.soak.test.ts`, inCi: `${CLI}/containers/containers.soak.test.ts` },
  { file: `${CLI}/queue/run-queue-trouble.soak.test.ts`, inCi: `${CLI}/queue/run-queue.soak.test.ts` },
  { file: `${CLI}/run/galera.soak.test.ts`, inCi: `${CLI}/run/mariadb.soak.test.ts` },
  { file: `${CLI}/run/nats.soak.test.ts`, inCi: 'packages/targets/test/nats' },
  { file: `${CLI}/run/rabbitmq.soak.test.ts`, inCi: 'packages/targets/test/rabbitmq' },
  { file: `${CLI}/run/redis-cluster.soak.test.ts`, inCi: 'packages/targets/test/redis-cluster' },
  { file: `${CLI}/run/redis-streams.soak.test.ts`, inCi: 'packages/checker/test/work-queue.test.ts' },
  { file: `${CLI}/run/misbehaving.soak.test.ts`, inCi: `${CLI}/run/misbehaving.test.ts` },
  { file: `${CLI}/run/remote-proxies.soak.test.ts`, inCi: 'packages/targets/test/remote' },
  {
    file: 'packages/testcontainers/test/with-testcontainers.soak.test.ts',
    inCi: 'packages/testcontainers/test/chaos-network.soak.test.ts',
  },
  {
    file: `${CLI}/simulate/postgresql-prisma.soak.test.ts`,
    inCi: `${CLI}/simulate/postgresql-services.soak.test.ts`,
  },
  { file: `${CLI}/run/seeds.soak.test.ts`, inCi: `${CLI}/run/run.test.ts, with one seed` },
  { file: `${CLI}/containers/rootless.soak.test.ts`, inCi: `${CLI}/containers/compose.soak.test.ts` },
  { file: `${CLI}/containers/killed-rootless.soak.test.ts`, inCi: `${CLI}/containers/killed-compose.soak.test.ts` },
]

/** Names, in the last lines, the files that the short soak leaves out. */
export class LongFilesReporter implements Reporter {
  onTestRunEnd(): void {
    console.log(`Left to the whole soak (npm run test:soak), ${LONG_FILES.length} files:`)
    for (const { file, inCi } of LONG_FILES) console.log(`  ${file}: CI has ${inCi}`)
  }
}

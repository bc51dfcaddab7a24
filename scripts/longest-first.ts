import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take long, longest first: one that began last would keep one core busy while the others idle. Vitest
 * remembers how long files took, but a fresh clone has only their sizes to go by.
 */
export const LONGEST: readonly string[] = [
  'packages/cli/test/docs/readme.test.ts',
  'packages/cli/test/commands/config.test.ts',
  'packages/cli/test/run/own-service.test.ts',
  'packages/cli/test/run/run.test.ts',
  'packages/cli/test/commands/output.test.ts',
  'packages/cli/test/record/proxy.test.ts',
  'packages/targets/test/own-protocols.test.ts',
  'packages/cli/test/run/own-cluster.test.ts',
  'packages/targets/test/cluster/start-commands.test.ts',
  'packages/cli/test/check/check.test.ts',
  'packages/cli/test/pages/report-in-browser.test.ts',
  'packages/targets/test/cluster.test.ts',
  'packages/cli/test/run/spec.test.ts',
  'packages/cli/test/check/check-files.test.ts',
  'packages/targets/test/clients-program.test.ts',
  'packages/cli/test/run/misbehaving.test.ts',
  'packages/targets/test/cluster/owner-dies.test.ts',
  'packages/proxy/test/http/pipelining.test.ts',
  'packages/targets/test/clients-module.test.ts',
  'packages/simulator/test/bugs.test.ts',
  'packages/checker/test/uncut.test.ts',
  'packages/simulator/test/search.test.ts',
  'packages/history/test/files.test.ts',
  'packages/report/test/bounded.test.ts',
  'packages/checker/test/agreement.test.ts',
  'packages/cli/test/published/published.soak.test.ts',
  'packages/cli/test/queue/queue-faults.soak.test.ts',
  'packages/cli/test/queue/queue-check.test.ts',
  'packages/cli/test/run/own-disk-and-clock.soak.test.ts',
  'packages/cli/test/docs/simulated-examples.soak.test.ts',
  'packages/cli/test/simulate/service-target.test.ts',
  'packages/cli/test/queue/run-queue-trouble.soak.test.ts',
  'packages/cli/test/queue/queue-trouble.soak.test.ts',
  'packages/cli/test/run/protocol-authors.test.ts',
  'scripts/node-lines.soak.test.ts',
  'scripts/two-commands.soak.test.ts',
  'packages/proxy/test/proxy.soak.test.ts',
  'packages/checker/test/registers.soak.test.ts',
  'packages/checker/test/objects.soak.test.ts',
  'packages/simulator/test/shrink.soak.test.ts',
  'scripts/mutate.soak.test.ts',
  'packages/simulator/test/replicated-objects.soak.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files)
    const projects = [...new Set(usual.map(({ project }) => project))]
    return projects.flatMap((project) =>
      usual.filter((file) => file.project === project).toSorted((a, b) => rankOf(a) - rankOf(b)),
    )
  }
}

function rankOf({ project, moduleId }: TestSpecification): number {
  const rank = LONGEST.indexOf(relative(project.vitest.config.root, moduleId))
  return rank === -1 ? LONGEST.length : rank
}

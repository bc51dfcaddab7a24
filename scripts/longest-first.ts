import { BaseSequencer, type TestSpecification } from 'vitest/node'

const CLI = 'packages/cli/test'

/** The test files that take longest in CI, longest first within each group of tests (process, soak). */
export const LONGEST: readonly string[] = [
  `${CLI}/process/run/misbehaving.test.ts`,
  'packages/checker/test/process/stamped-objects.test.ts',
  'packages/checker/test/process/consumption.test.ts',
  `${CLI}/soak/published/published.test.ts`,
  `${CLI}/soak/queue/queue-faults.test.ts`,
  `${CLI}/soak/docs/simulated-examples.test.ts`,
  `${CLI}/soak/pages/models-in-browser.test.ts`,
  'scripts/node-lines.soak.test.ts',
  'packages/simulated-postgresql/test/soak/services/judged-services.test.ts',
  `${CLI}/soak/record/postgres-recorded.test.ts`,
  `${CLI}/process/pages/one-telling.patient.test.ts`,
]

/**
 * Starts the longest files of each group first. A long file that starts last would run alone, without other workers.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = `${this.ctx.config.root}/`
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.indexOf(moduleId.replace(root, ''))
      return found === -1 ? LONGEST.length : found
    }
    const group = ({ project }: TestSpecification): number => project.config.sequence.groupOrder
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}

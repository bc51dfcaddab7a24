import { BaseSequencer, type TestSpecification } from 'vitest/node'

const CLI = 'packages/cli/test'

/** The soak files that take longest in CI, in that order. */
export const LONGEST: readonly string[] = [
  `${CLI}/published/published.soak.test.ts`,
  `${CLI}/queue/queue-faults.soak.test.ts`,
  `${CLI}/docs/simulated-examples.soak.test.ts`,
  `${CLI}/pages/models-in-browser.soak.test.ts`,
  'scripts/node-lines.soak.test.ts',
  'packages/simulated-postgresql/test/services/judged-services.soak.test.ts',
  `${CLI}/record/postgres-recorded.soak.test.ts`,
  `${CLI}/pages/one-telling.test.ts`,
]

/** Starts the longest files of each group first: one that starts last runs alone while the other workers have ended. */
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

import { defineConfig } from 'vitest/config'
import { SkippedReporter } from './scripts/skipped-reporter.ts'

// Tests run on the sources, without a build: every package's "exports" has a "source" condition.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    reporters: ['default', new SkippedReporter()],
    include: ['packages/*/test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['**/*.soak.test.ts', '**/node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
})

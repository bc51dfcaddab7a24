import { defineConfig } from 'vitest/config'
import { SkippedReporter } from './scripts/skipped-reporter.ts'

// Long runs: the whole of what is claimed, many times over. CHAOS_SOAK=short does a few of each.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    reporters: ['default', new SkippedReporter()],
    include: ['packages/*/test/**/*.soak.test.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    // Runs on real processes want the machine to themselves.
    fileParallelism: false,
  },
})

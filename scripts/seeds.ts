import fc from 'fast-check'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The first seed of tests that draw histories, inputs or schedules. */
    seed: number
  }
}

fc.configureGlobal({ seed: inject('seed') })

import fc from 'fast-check'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tests that draw histories, inputs or schedules begin. */
    seed: number
  }
}

fc.configureGlobal({ seed: inject('seed') })

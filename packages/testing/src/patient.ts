import { test as usualTest } from 'vitest'

/** Whether this run is the soak, which has time for slow tests: see vitest.soak.config.ts. */
export const isPatient: boolean = process.env['PATIENT'] === 'true'

const nothing = () => {}
const leftOut: typeof usualTest = Object.assign(() => {}, {
  each: () => nothing,
  skipIf: () => leftOut,
}) as unknown as typeof usualTest

/** A test that the soak runs, and that `npm run test:commands` skips. */
export const patientTest: typeof usualTest = isPatient ? usualTest : leftOut

/**
 * A fast test, for files that also contain patient tests. `npm run test:commands` runs this test, and the soak skips
 * it.
 */
export const test: typeof usualTest = isPatient ? leftOut : usualTest

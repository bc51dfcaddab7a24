import { test as usualTest } from 'vitest'

/** Whether this run is the soak, which has time for slow tests: see vitest.soak.config.ts. */
export const isPatient: boolean = process.env['PATIENT'] === 'true'

const nothing = () => {}
const leftOut: typeof usualTest = Object.assign(() => {}, {
  each: () => nothing,
  skipIf: () => leftOut,
}) as unknown as typeof usualTest

/** A slow test, which only the soak runs. */
export const patientTest: typeof usualTest = isPatient ? usualTest : leftOut

/** A fast test in a file that also contains patient tests (see `patientTest`). The soak skips it. */
export const test: typeof usualTest = isPatient ? leftOut : usualTest

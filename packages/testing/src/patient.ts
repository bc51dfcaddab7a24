import { test as usualTest } from 'vitest'

/** Whether this is the soak, which has the time for what takes long: see vitest.soak.config.ts. */
export const isPatient: boolean = process.env['PATIENT'] === 'true'

const nothing = () => {}
const leftOut: typeof usualTest = Object.assign(() => {}, {
  each: () => nothing,
  skipIf: () => leftOut,
}) as unknown as typeof usualTest

/** A test that the soak runs, and `npm run test:commands` leaves out. */
export const patientTest: typeof usualTest = isPatient ? usualTest : leftOut

/** The other tests of a file with patient ones: `npm run test:commands` has run them, and the soak leaves them out. */
export const test: typeof usualTest = isPatient ? leftOut : usualTest

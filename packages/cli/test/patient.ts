import { test } from 'vitest'

/** Whether this is the soak, which has the time for what takes long: see patient.soak.test.ts. */
export const isPatient: boolean = process.env['PATIENT'] === 'true'

const leftOut = () => {}

/** A test that the soak runs, and `npm test`, which is to take four minutes at most, leaves out. */
export const patientTest: typeof test = isPatient
  ? test
  : (Object.assign(leftOut, { each: () => leftOut }) as unknown as typeof test)

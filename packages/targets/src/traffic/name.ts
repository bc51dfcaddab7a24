/** The target name that all recordings use. */
export const RECORDING = 'record'

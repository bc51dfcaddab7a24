/** The name of the target of every recording. */
export const RECORDING = 'record'

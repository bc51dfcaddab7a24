import type { Frame, Had } from './frames.ts'

export const hadNothing: Had = { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 }

/**
 * Returns the data that a page has after it receives this frame. The last bin is left out: it may still grow, and the
 * server sends it again.
 */
export const hadWith = (had: Had, { run, bins, faultsVersion, verdict }: Frame): Had => ({
  run,
  width: bins.width,
  bins: Math.max(0, bins.from + bins.rows.length - 1),
  faultsVersion,
  verdict: verdict?.version ?? (had.run === run ? had.verdict : hadNothing.verdict),
})

import type { Frame, Had } from './frames.ts'

export const hadNothing: Had = { run: 0, width: 0, bins: 0, faultsVersion: -1, verdict: -1 }

/**
 * Returns what a page has received after this frame. The last bin does not count as received, because it may still
 * grow.
 */
export const hadWith = (had: Had, { run, bins, faultsVersion, verdict }: Frame): Had => ({
  run,
  width: bins.width,
  bins: Math.max(0, bins.from + bins.rows.length - 1),
  faultsVersion,
  verdict: verdict?.version ?? (had.run === run ? had.verdict : hadNothing.verdict),
})

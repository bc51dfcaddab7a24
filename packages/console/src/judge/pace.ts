/** Judging again takes at most this share of a core: the run comes first. */
const SHARE = 0.2
const LEAST_REST_MS = 400
/** The first judgement waits for something to judge. */
export const FIRST_REST_MS = 300

/** How long to rest after a judgement that took so long. */
export const restAfter = (tookMs: number): number => Math.max(LEAST_REST_MS, tookMs * (1 / SHARE - 1))

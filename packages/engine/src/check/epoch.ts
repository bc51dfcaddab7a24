/** A monotonic clock that is the same for all threads, unlike `performance.now()`. */
export const epochMs = (): number => performance.timeOrigin + performance.now()

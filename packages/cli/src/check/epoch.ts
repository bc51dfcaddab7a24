/** A clock that goes steadily and that all threads read alike, unlike `performance.now()`. */
export const epochMs = (): number => performance.timeOrigin + performance.now()

// Loaded before a worker (NODE_OPTIONS=--import): its clocks are ahead by CHAOS_TEST_AHEAD_MS, and gain CHAOS_TEST_DRIFT parts
// in a million.
const ahead = Number(process.env.CHAOS_TEST_AHEAD_MS ?? 0)
const drift = Number(process.env.CHAOS_TEST_DRIFT ?? 0) / 1e6
const [bigint, now, date] = [process.hrtime.bigint.bind(process.hrtime), performance.now.bind(performance), Date.now]
const [firstNanos, first, firstDate] = [bigint(), now(), date()]
process.hrtime.bigint = () => {
  const nanos = bigint()
  return nanos + BigInt(Math.round(ahead * 1e6 + Number(nanos - firstNanos) * drift))
}
performance.now = () => now() + ahead + (now() - first) * drift
Date.now = () => Math.round(date() + ahead + (date() - firstDate) * drift)

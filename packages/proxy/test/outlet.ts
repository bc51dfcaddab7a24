import type { Exit } from '../src/interceptor/interceptor.ts'

/**
 * Creates a test double of the exit through which an interceptor passes bytes on. `out` collects the bytes as Latin-1
 * text.
 */
export function outlet() {
  const out = { text: '', ended: false, reset: false, reading: true, congested: false }
  const exit: Exit = {
    pass(bytes) {
      out.text += bytes.toString('latin1')
      return true
    },
    end() {
      out.ended = true
    },
    reset() {
      out.reset = true
    },
    setReading(reading) {
      out.reading = reading
    },
    get congested() {
      return out.congested
    },
  }
  return { out, exit }
}

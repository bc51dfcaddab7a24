import type { Exit } from '../interceptor.ts'
import type { Pump } from './pump.ts'

/** The way on for an interceptor; `reach` is called before anything is passed, and `reset` instead of the pump's own. */
export function createExit(pump: Pump, reach: () => void, reset: () => void): Exit {
  return {
    pass(bytes) {
      reach()
      if (pump.passesThrough || bytes.length * 2 > bytes.buffer.byteLength) return pump.receive(bytes)
      // A few bytes that have to wait must not keep all the memory they were read into.
      pump.receive(Buffer.from(bytes))
      return true
    },
    end() {
      reach()
      pump.end()
    },
    reset,
    setReading: (reading) => pump.setWanted(reading),
    get congested() {
      return pump.congested
    },
  }
}

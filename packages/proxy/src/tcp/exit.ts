import type { Exit } from '../interceptor/interceptor.ts'
import type { Pump } from './pump.ts'

/**
 * The interceptor's way to the pump. Calls `reach` before passing anything on, and `reset` instead of the pump's own.
 */
export function createExit(pump: Pump, reach: () => void, reset: () => void): Exit {
  return {
    pass(bytes) {
      reach()
      if (pump.passesThrough || bytes.length * 2 > bytes.buffer.byteLength) return pump.receive(bytes)
      // A few waiting bytes must not keep the whole buffer they were read into alive.
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

import v8 from 'node:v8'
import { refusedModule } from './refused.ts'

const MB = 1 << 20
const { serialize, deserialize, Serializer, Deserializer, DefaultSerializer, DefaultDeserializer } = v8

const HEAP = {
  total_heap_size: 32 * MB,
  total_heap_size_executable: MB,
  total_physical_size: 32 * MB,
  total_available_size: 2_048 * MB,
  used_heap_size: 16 * MB,
  heap_size_limit: 2_096 * MB,
  malloced_memory: MB,
  peak_malloced_memory: MB,
  does_zap_garbage: 0,
  number_of_native_contexts: 1,
  number_of_detached_contexts: 0,
  total_global_handles_size: 8_192,
  used_global_handles_size: 4_096,
  external_memory: MB,
}

/** `node:v8` without functions that act on the engine, which all nodes share. Heap statistics are constant. */
export const v8Module = (): object => ({
  ...refusedModule('v8', { ...v8 }, 'acts on the whole simulation', 'Skip it if CHAOS_SIMULATED is set.'),
  ...{ serialize, deserialize, Serializer, Deserializer, DefaultSerializer, DefaultDeserializer },
  cachedDataVersionTag: v8.cachedDataVersionTag,
  getHeapStatistics: () => ({ ...HEAP }),
  getHeapSpaceStatistics: () => [],
  startupSnapshot: { isBuildingSnapshot: () => false },
})

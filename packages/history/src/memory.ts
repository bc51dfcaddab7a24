/** Where columns and texts are kept; all zeros at first. */
export type Allocate = (bytes: number) => ArrayBufferLike

export const inHeap: Allocate = (bytes) => new ArrayBuffer(bytes)

/** Memory that other threads may read too, so that a history goes to them without being copied. */
export const inSharedMemory: Allocate = (bytes) => new SharedArrayBuffer(bytes)

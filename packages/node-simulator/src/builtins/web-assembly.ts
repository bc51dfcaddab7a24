import { turn } from '../world/life.ts'

interface WebAssemblyOfNode {
  readonly Module: new (bytes: ArrayBuffer | ArrayBufferView) => object
  readonly Instance: new (module: object, imports?: unknown) => object
}

/**
 * Returns the members of `WebAssembly` for programs. Modules are compiled synchronously, during the callback of the
 * program that compiles them. Node would compile them in a thread, which might finish only after the run.
 */
export function simulatedWebAssembly(): { readonly Module: WebAssemblyOfNode['Module']; readonly members: object } {
  const { Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyOfNode
  const construct = (target: object, [bytes, ...rest]: unknown[], made: unknown): object =>
    turn.life === undefined || made !== Compiling || !isBytes(bytes)
      ? (Reflect.construct(target as () => void, [bytes, ...rest], made as () => void) as object)
      : compiled(Module, bytes)
  const Compiling = new Proxy<WebAssemblyOfNode['Module']>(Module, { construct })
  const moduleOf = async (source: unknown) => new Compiling(await ((await source) as Response).arrayBuffer())
  const withInstance = (module: object, imports: unknown) => ({ module, instance: new Instance(module, imports) })
  const members = {
    compile: async (bytes: ArrayBuffer) => new Compiling(bytes),
    compileStreaming: moduleOf,
    instantiateStreaming: async (source: unknown, imports: unknown) => withInstance(await moduleOf(source), imports),
    instantiate: async (source: ArrayBuffer | object, imports: unknown) =>
      source instanceof Module
        ? new Instance(source, imports)
        : withInstance(new Compiling(source as ArrayBuffer), imports),
  }
  return { Module: Compiling, members }
}

const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value)

/**
 * Compiled modules. If a program starts again, it reuses them: compiling a module of some megabytes takes longer than
 * the rest of the start.
 */
const modules: { readonly bytes: Buffer; readonly module: object }[] = []
/** The largest number of modules kept. Programs load fewer. */
const MOST_MODULES = 8

function compiled(Module: WebAssemblyOfNode['Module'], source: ArrayBuffer | ArrayBufferView): object {
  const bytes = ArrayBuffer.isView(source)
    ? Buffer.from(source.buffer, source.byteOffset, source.byteLength)
    : Buffer.from(source)
  const known = modules.find((each) => each.bytes.equals(bytes))
  if (known !== undefined) return known.module
  const module = new Module(bytes)
  if (modules.length === MOST_MODULES) modules.shift()
  modules.push({ bytes: Buffer.from(bytes), module })
  return module
}

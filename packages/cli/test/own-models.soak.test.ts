// Apart from the other patient tests, which share their modules: it adds to a registry before what reads that is loaded.
process.env['PATIENT'] = 'true'

await import('./own-models.test.ts')

export {}

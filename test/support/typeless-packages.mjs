// astronomy-engine ships its ES module without saying so in its package.json. Node finds out by reading it; the loader that
// compiles our tests does not, so it is told. Loaded by .taprc before every test; the agent itself needs none of this.
import { register } from 'node:module'

const hook = `export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  return specifier === 'astronomy-engine' && found.url.includes('/esm/') ? { ...found, format: 'module' } : found
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

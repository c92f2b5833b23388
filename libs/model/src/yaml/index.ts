/** YAML and JSON as Kubernetes reads them: `@tiphys/model/yaml`. */
export { parseJson, stringifyJson } from './json.js';
export {
  flattenLists,
  isKubernetesObject,
  type ParsedManifest,
  parseManifests,
} from './manifests.js';
export { type ParsedDocument, type ParseOptions, parseDocuments, parseYaml, yamlBombIn } from './parse.js';
export { type StringifyOptions, stringifyYaml, stringifyYamlDocuments } from './stringify.js';

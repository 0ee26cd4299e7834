import type { FailureCode } from "../../src/model/index.ts";

/** What each failure code means and what to do, for `docs/failures.md`. A new code does not compile without its row. */
export const FAILURES: Readonly<Record<FailureCode, { readonly means: string; readonly remedy: string }>> = {
  "usage/invalid-flag": {
    means: "A flag, its environment variable, a command or an argument is not understood.",
    remedy: "Follow the suggestion, or see `--help` of the command.",
  },
  "usage/invalid-repository": {
    means: "`--repo` is no URL or folder that is accepted; plain http needs `--allow-http`.",
    remedy: "Give an https, ssh or file URL, `user@host:path`, or a folder that is a git repository.",
  },
  "usage/invalid-ref": {
    means: "`--ref` is no valid name of a branch, tag or commit.",
    remedy: "Give a branch, a tag, a full ref such as `refs/heads/main`, or a commit of 40 digits.",
  },
  "usage/no-such-service": {
    means: "No service has this id or folder, or a `--service` glob matches none.",
    remedy: "`gitops services` lists what there is.",
  },
  "usage/no-such-object": {
    means: "The cluster has no object of this name, or serves no such kind.",
    remedy: "Name it by kind, namespace and name: `deployment/shop/cart`.",
  },
  "usage/invalid-settings": {
    means:
      "Settings contradict each other or the machine: an address that is taken, a confirmed commit that is not the one at hand, a record that cannot be read, a `gitops.yaml` that is not valid. Nothing was changed.",
    remedy: "Change the setting that the message names.",
  },
  "source/unreachable": {
    means: "The git repository does not answer, or git cannot be started.",
    remedy: "Check the network, the URL and that git is installed; nothing was changed.",
  },
  "source/authentication": {
    means: "The repository refuses the credentials, or there are none.",
    remedy: "Give a token (`--git-token-file`, `--git-token-env`), a key (`--ssh-key`) or `--git-credential-helper`.",
  },
  "source/ref-not-found": {
    means: "The repository has no such branch, tag or commit.",
    remedy: "Check `--ref`; a branch that was deleted is never taken for an empty one.",
  },
  "source/empty-repository": {
    means: "The repository has no commit at all.",
    remedy: "Push a commit; nothing is deleted because of an empty repository.",
  },
  "source/path-not-found": {
    means: "The revision has no folder `--path`.",
    remedy: "Check `--path` and `--ref`; a folder that is missing never means that everything in it is gone.",
  },
  "source/timeout": {
    means: "A call to git took too long and was ended, with all that it had started.",
    remedy: "Run again; if it stays, check the repository's size and the network.",
  },
  "source/locked": {
    means: "Another process works on the same mirror for too long.",
    remedy: "Wait for it, or give another `--cache-dir`.",
  },
  "source/damaged": {
    means: "The mirror in the cache folder is damaged and could not be healed, or the folder cannot be written.",
    remedy: "Delete the cache folder, or give one that can be written.",
  },
  "source/unreadable-object": {
    means: "An object of the commit cannot be read although it must be there.",
    remedy: "Run `git fsck` on the repository, then run again.",
  },
  "source/too-large": {
    means:
      "The revision has more paths, or below its path more definitions, or more files with documents beside them, than can be looked through, or folders nested too deep, such as a bomb of trees.",
    remedy: "Take out the folder that the message names. Nothing is changed meanwhile.",
  },
  "service/invalid-document": {
    means: "A file that may define services is no valid YAML, or a definition is malformed.",
    remedy: "Correct the file at the place named. Until then nothing is deleted for being gone.",
  },
  "service/invalid-field": {
    means: "A field of a Flux Kustomization has a value that is not allowed.",
    remedy: "Correct the field.",
  },
  "service/unsupported-field": {
    means:
      "A field of a Flux Kustomization would change the result and is not supported yet. Going on without it would be wrong, so the service is left alone.",
    remedy: "Remove the field, or leave this service to Flux for now.",
  },
  "service/unsupported-source": {
    means: "The Kustomization takes its files from a source other than this repository.",
    remedy: "Point it at this repository's GitRepository.",
  },
  "service/invalid-settings": {
    means:
      "A `gitops.yaml` says something about this service that cannot be read: the one in its folder, or an entry of `services` that matches it.",
    remedy:
      "Correct it at the place named. Until then the service is left as it is: it may have been meant to be suspended.",
  },
  "service/duplicate-id": {
    means: "Two definitions have the same id; neither is taken.",
    remedy: "Rename or remove one.",
  },
  "service/folder-not-found": {
    means: "The folder that the service names is not in this revision.",
    remedy: "Add the folder or correct `spec.path`. What the service owns stays as it is.",
  },
  "service/path-outside-repository": {
    means: "`spec.path` leads out of the repository.",
    remedy: "Give a path inside it.",
  },
  "service/dependency-cycle": {
    means: "Services depend on each other in a circle; exactly these fail.",
    remedy: "Remove one `dependsOn` of the circle.",
  },
  "service/dependency-not-found": {
    means: "`dependsOn` names a service that is not in this revision.",
    remedy: "Add it, or remove the entry.",
  },
  "service/dependency-not-ready": {
    means: "A service that this one depends on has failed or is not there yet, so this one was not tried.",
    remedy: "Mend the dependency; this one follows by itself.",
  },
  "build/malformed-yaml": { means: "A file is no valid YAML.", remedy: "Correct it at the line and column named." },
  "build/duplicate-key": { means: "A mapping has the same key twice.", remedy: "Remove one." },
  "build/invalid-object": {
    means:
      "A document is no Kubernetes object: apiVersion, kind or metadata.name is missing or of the wrong type, or a label, an annotation or a value of `stringData` is no text.",
    remedy: "Correct the document.",
  },
  "build/missing-kustomization": {
    means: "The folder has no kustomization file.",
    remedy: "Add a kustomization.yaml, or name the files one by one.",
  },
  "build/ambiguous-kustomization": {
    means: "The folder has more than one kustomization file.",
    remedy: "Keep one of kustomization.yaml, kustomization.yml and Kustomization.",
  },
  "build/invalid-kustomization": {
    means: "A field of the kustomization has the wrong type, or the file is no kustomization.",
    remedy: "Correct the field named.",
  },
  "build/unknown-field": {
    means: "The kustomization has a field that kustomize does not know; mostly a typing error.",
    remedy: "Correct or remove it.",
  },
  "build/unsupported-field": {
    means: "The kustomization uses a field that is not supported yet.",
    remedy: "Remove it, or write what it does another way.",
  },
  "build/unsupported-remote": {
    means: "A resource is a URL. Builds never reach the network.",
    remedy: "Commit the files to the repository.",
  },
  "build/unsupported-plugin": {
    means: "An exec, container or Go plugin is asked for. Builds never run programs.",
    remedy: "Commit what the plugin makes.",
  },
  "build/unsupported-helm": { means: "The kustomization inflates a Helm chart.", remedy: "Commit the rendered chart." },
  "build/missing-resource": {
    means: "A file or folder that is named is not in this commit.",
    remedy: "Add it, or remove the line that names it.",
  },
  "build/path-outside-repository": {
    means: "A path leads out of the repository, or out of the folder that may be read.",
    remedy: "Move the file inside, or make it a base of its own.",
  },
  "build/symlink-outside-repository": {
    means: "A symbolic link leads out of the repository.",
    remedy: "Replace it by the file.",
  },
  "build/gitlink": {
    means: "A path leads into a submodule, whose content is in another repository.",
    remedy: "Commit the files here.",
  },
  "build/cycle": {
    means: "Folders include each other in a circle.",
    remedy: "Remove one of the includes that the message lists.",
  },
  "build/duplicate-object": {
    means: "Two documents of one build are the same object.",
    remedy: "Remove one; the message names both places.",
  },
  "build/patch-target-not-found": {
    means:
      "A patch without a target names an object that is not there. One with a target that selects nothing is passed over, as kustomize does.",
    remedy: "Correct its target or its metadata, or remove it.",
  },
  "build/invalid-patch": {
    means: "A patch cannot be read, or cannot be applied to its target.",
    remedy: "Correct the patch.",
  },
  "build/invalid-generator": {
    means: "A configMapGenerator or secretGenerator cannot be worked out.",
    remedy: "Correct the entry named.",
  },
  "build/invalid-transformer": {
    means: "A transformer's configuration is not valid.",
    remedy: "Correct the field named.",
  },
  "build/invalid-selector": {
    means: "A label or annotation selector, or a pattern, is not valid.",
    remedy: "Correct it.",
  },
  "build/replacement": {
    means: "A replacement has no source, more than one, or no target.",
    remedy: "Correct the source or target named.",
  },
  "build/variable": {
    means: "A `vars` entry cannot be resolved, or is defined twice.",
    remedy: "Correct the entry; replacements are the newer way.",
  },
  "build/conflict": {
    means: "Two parts of a build contradict each other.",
    remedy: "Remove one of the two that the message names.",
  },
  "build/too-large": {
    means:
      "A file, the build's result or its number of objects (or of documents beside Flux Kustomizations) is beyond the limits, or YAML aliases multiply without bound.",
    remedy: "Split the service, or remove what blows it up.",
  },
  "build/deadline": {
    means: "The build did not end in time and was stopped.",
    remedy: "Look for what makes it so long; the others were not held up.",
  },
  "build/out-of-memory": {
    means: "The build needed more memory than one build may have.",
    remedy: "Split the service.",
  },
  "build/crashed": {
    means: "The build ended in a way that was not foreseen.",
    remedy: "This is a bug: report it with the folder's files.",
  },
  "build/not-started": {
    means:
      "No thread could be started for the build. It says nothing about the service, which is built at the next pass.",
    remedy: "Allow the process more threads (a pod's pids limit, ulimit -u) or more open files.",
  },
  "plan/duplicate-definition": {
    means:
      "More than one service declares the object. The one that owns it in the cluster goes on; if none does, none gets it.",
    remedy: "Declare it in one service only; the message names every place.",
  },
  "plan/foreign-owner": {
    means:
      "The object is somebody else's: another installation's (another scope), a controller's, or that of a Flux, Helm, Argo CD or kapp owner that is at work. The rest of the service goes on.",
    remedy: "Remove it there first, or here; or take it over with `--adopt` or an annotation: see ownership.md.",
  },
  "plan/unknown-kind": {
    means: "The cluster does not serve this kind, and no service of this revision defines it.",
    remedy: "Install the CustomResourceDefinition, or correct apiVersion and kind.",
  },
  "plan/missing-namespace": {
    means: "The object's namespace is neither in the cluster nor in this revision.",
    remedy: "Add the Namespace to a service.",
  },
  "plan/unowned-live-object": {
    means: "An object that is already in the cluster is not ours and may not be taken over.",
    remedy: "Remove it, or allow taking it over.",
  },
  "cluster/invalid-kubeconfig": {
    means: "There is no kubeconfig, or it, its context or its user cannot be used.",
    remedy: "Check `--kubeconfig`, `KUBECONFIG` and `--context`.",
  },
  "cluster/unreachable": {
    means: "The API server does not answer.",
    remedy: "Check that it is up and that this machine reaches it; nothing was deleted.",
  },
  "cluster/unauthorized": {
    means: "The API server does not know who we are.",
    remedy: "Renew the credentials of the kubeconfig or service account.",
  },
  "cluster/forbidden": {
    means: "We may not do what was needed.",
    remedy: "Grant the verb on the resource that the message names.",
  },
  "cluster/list-failed": {
    means:
      "Objects of a kind could not be listed, so what the cluster has of it is unknown. Services that have this kind delete nothing.",
    remedy: "See the message; often an aggregated API or a conversion webhook that is down.",
  },
  "cluster/discovery-failed": {
    means: "A group of APIs could not be asked what it serves: its kinds are unknown, not absent.",
    remedy: "See the APIService that the message names.",
  },
  "cluster/throttled": {
    means: "The API server asks us to slow down, for longer than we wait.",
    remedy: "Run again later, or lower `--concurrency`.",
  },
  "cluster/timeout": {
    means: "The API server did not answer a request in time.",
    remedy: "Run again; check the server's load.",
  },
  "cluster/other-cluster": {
    means:
      "The cluster behind the context is not the one of before, or not the one of `--cluster-uid`. Nothing was changed.",
    remedy: "Check the context; if this cluster is meant, give its uid with `--cluster-uid`.",
  },
  "apply/invalid": { means: "The API server finds the object invalid.", remedy: "Correct the field that it names." },
  "apply/immutable": {
    means: "The change concerns a field that cannot be changed once the object exists.",
    remedy: "Undo it, or delete the object by hand and sync again.",
  },
  "apply/conflict": {
    means: "Another field manager holds a field, or the object changed while it was applied.",
    remedy: "Run again; if it stays, find out who else writes the field.",
  },
  "apply/forbidden": {
    means: "We may not create or change the object.",
    remedy: "Grant the verb on the resource that the message names.",
  },
  "apply/webhook": {
    means: "An admission webhook refused the object, or did not answer.",
    remedy: "See the webhook's message; objects that it does not guard are not concerned.",
  },
  "apply/missing-namespace": {
    means: "The object's namespace is not in the cluster, or is being deleted.",
    remedy: "Add the Namespace to a service, or wait until it is gone.",
  },
  "apply/unknown-kind": {
    means: "The API server does not serve the kind any more.",
    remedy: "Install the CustomResourceDefinition.",
  },
  "apply/not-established": {
    means: "A CustomResourceDefinition was applied and is not served in time.",
    remedy: "See its conditions; often its names are taken by another.",
  },
  "apply/terminating": {
    means:
      "The object is being deleted, and something (a finalizer, mostly) holds it. It is created anew when it is gone.",
    remedy: "Wait, or see what its finalizers wait for; everything else goes on.",
  },
  "apply/failed": { means: "The API server answered with an error of another kind.", remedy: "See the message." },
  "prune/failed": {
    means: "An object that left git could not be deleted.",
    remedy: "See the message; it stays ours, and the next pass tries again.",
  },
  "prune/changed-since-read": {
    means: "An object changed between being read and being deleted, so it was kept.",
    remedy: "Run again: it is judged anew.",
  },
  "prune/held": {
    means: "Deletes are held by a guard.",
    remedy:
      "Look at what would go; if it shall, run `gitops confirm` with the commit named, for all services or for some.",
  },
  "health/failed": {
    means: "An object was applied and is not healthy, and it or its pods say that it will not be soon.",
    remedy: "Run the command that the failure names. `docs/health.md` tells what counts as failed, and after how long.",
  },
  "health/timeout": {
    means: "An object was applied and is not healthy within what was left of the service's timeout.",
    remedy: "Run the command that the failure names, or raise the timeout.",
  },
  "drift/flapping": {
    means:
      "A warning: another writer changes fields of an object back each time. They are tried again later and later, at most hourly.",
    remedy: "Make one of the two leave these fields alone. `docs/drift.md` tells how.",
  },
  "drift/autoscaled": {
    means:
      "A warning: git says how many replicas an object has, and an autoscaler scales it (or it is not known whether one does). The replicas are left as they are.",
    remedy: "Remove `spec.replicas` from git.",
  },
  "reconcile/deadline": {
    means: "The service, or the whole command, was not done in time. What was done is done.",
    remedy: "Run again; raise `--timeout`, or the service's own timeout.",
  },
  "reconcile/interrupted": {
    means: "It was told to stop before it was done. What was begun was finished.",
    remedy: "Run again.",
  },
  "reconcile/quarantined": {
    means:
      "Its build took its thread, or the whole process, with it twice; it is not tried a third time, which would cost the others.",
    remedy:
      "Change what it builds: it is tried again as soon as one of its files changes, or when the cache is emptied.",
  },
  "reconcile/bug": { means: "Something happened that must not.", remedy: "Report it, with what `--verbose` prints." },
};

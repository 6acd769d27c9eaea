package dev.podsnapshot.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceColumnDefinitionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersionBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.SelectableField;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRuleBuilder;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The CRDs from the Java model, completed by what the generator can't express, exactly as section
 * 2A of the reference has them.
 */
final class CrdGenerator {
  private static final KubernetesSerialization YAML = new KubernetesSerialization();

  private static final Map<Class<? extends CustomResource<?, ?>>, List<Column>> KINDS =
      Map.of(
          PodSnapshotStorageConfig.class,
          List.of(),
          PodSnapshotPolicy.class,
          List.of(
              new Column("StorageConfig", "string", ".spec.storageConfigName"),
              new Column("Selector", "string", ".spec.selector"),
              Column.AGE),
          PodSnapshotManualTrigger.class,
          List.of(
              new Column("Target Pod", "string", ".spec.targetPod"),
              new Column("Status", "string", ".status.conditions[?(@.type==\"Triggered\")].reason"),
              Column.AGE),
          PodSnapshotTokenRequest.class,
          List.of(
              new Column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].reason")),
          PodSnapshot.class,
          List.of(
              new Column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].reason"),
              new Column("Policy", "string", ".spec.policyName"),
              new Column("Labels", "string", ".metadata.labels"),
              Column.AGE));

  private record Column(String name, String type, String path) {
    static final Column AGE = new Column("Age", "date", ".metadata.creationTimestamp");

    CustomResourceColumnDefinition definition() {
      return new CustomResourceColumnDefinitionBuilder()
          .withName(name)
          .withType(type)
          .withJsonPath(path)
          .build();
    }
  }

  private CrdGenerator() {}

  /** File name to contents. */
  static Map<String, String> generate() throws IOException {
    var result = new TreeMap<String, String>();
    for (var kind : KINDS.entrySet()) {
      var raw = new ByteArrayOutputStream();
      new CRDGenerator()
          .customResourceClasses(kind.getKey())
          .withOutput(
              new CRDGenerator.AbstractCRDOutput<OutputStream>() {
                @Override
                protected OutputStream createStreamFor(String name) {
                  return raw;
                }
              })
          .detailedGenerate();
      var text = raw.toString(StandardCharsets.UTF_8);
      var crd = YAML.unmarshal(text, CustomResourceDefinition.class);
      complete(crd, kind.getValue());
      result.put(crd.getMetadata().getName() + ".yaml", header() + YAML.asYaml(crd));
    }
    return result;
  }

  private static String header() {
    return "# Generated from common/src/main/java/dev/podsnapshot/api: mvn -pl common test -Dcrds.write\n";
  }

  private static void complete(CustomResourceDefinition crd, List<Column> columns) {
    var version = crd.getSpec().getVersions().getFirst();
    version.setAdditionalPrinterColumns(columns.stream().map(Column::definition).toList());
    var root = version.getSchema().getOpenAPIV3Schema();
    root.setRequired(List.of("spec"));
    var status = root.getProperties().get("status");
    var conditions = status.getProperties().get("conditions");
    conditions.setXKubernetesListType("map");
    conditions.setXKubernetesListMapKeys(List.of("type"));
    conditions.setDescription("What the controller has seen of the object, one entry a type.");
    condition(conditions.getItems().getSchema());
    status
        .getProperties()
        .get("observedGeneration")
        .setDescription("The most recent generation observed by the controller.");
    var kind = crd.getSpec().getNames().getKind();
    if (kind.equals("PodSnapshot")) {
      rule(
          root.getProperties().get("spec"),
          "self.policyName == oldSelf.policyName",
          "spec.policyName is immutable: a snapshot stays with the policy that made it; take a new"
              + " one of a Pod that the other policy selects");
      version.setSelectableFields(List.of(new SelectableField(".spec.policyName")));
      status.getProperties().get("lastAccessTime").setFormat("date-time");
      var storage = status.getProperties().get("storageStatus");
      storage.setDescription("Where the snapshot's files are.");
      storage.getProperties().get("gcs").setDescription("Its place in Cloud Storage.");
    }
    if (kind.equals("PodSnapshotPolicy")) {
      var spec = root.getProperties().get("spec");
      spec.getProperties().get("selector").setXKubernetesMapType("atomic");
      rule(
          spec.getProperties().get("selector"),
          "!has(self.matchExpressions) || self.matchExpressions.all(e, e.operator in ['In', 'NotIn']"
              + " ? has(e.values) && size(e.values) > 0 : e.operator in ['Exists', 'DoesNotExist']"
              + " && (!has(e.values) || size(e.values) == 0))",
          "spec.selector.matchExpressions: the operator is In or NotIn with values, or Exists or"
              + " DoesNotExist without");
      var expressions =
          spec.getProperties().get("selector").getProperties().get("matchExpressions");
      expressions.setMaxItems(64L); // bounds the cost of the rule
      var expression = expressions.getItems().getSchema();
      expression.setRequired(List.of("key", "operator"));
      expression.getProperties().get("values").setMaxItems(1024L);
      // As metav1.LabelSelector says it.
      spec.getProperties()
          .get("selector")
          .getProperties()
          .get("matchLabels")
          .setDescription("Labels with their values; a Pod must have all of them.");
      expressions.setDescription("Requirements on labels; a Pod must meet all of them.");
      expression.getProperties().get("key").setDescription("The label.");
      expression
          .getProperties()
          .get("operator")
          .setDescription("One of In, NotIn, Exists and DoesNotExist.");
      expression
          .getProperties()
          .get("values")
          .setDescription("For In and NotIn; not empty then, empty for the others.");
      var grouping =
          spec.getProperties()
              .get("snapshotGroupingRules")
              .getProperties()
              .get("groupByLabelValue");
      grouping.getProperties().get("labels").setMinItems(1L);
      grouping
          .getProperties()
          .get("groupRetentionPolicy")
          .setDescription(
              "How many snapshots of a group are kept; it does not override retentionConfig.");
    }
    if (kind.equals("PodSnapshotStorageConfig")) {
      var gcs =
          root.getProperties()
              .get("spec")
              .getProperties()
              .get("snapshotStorageConfig")
              .getProperties()
              .get("gcs");
      rule(
          gcs,
          "!has(self.path) || !self.path.split('/').exists(p, p == '..' || p == '.')",
          "spec.snapshotStorageConfig.gcs.path: no part of it may be . or ..; write the folder as it"
              + " is called in the bucket");
      gcs.getProperties().get("path").setMaxLength(512L);
    }
    if (kind.equals("PodSnapshotManualTrigger")) {
      root.getProperties().get("spec").getProperties().get("targetPod").setMinLength(1L);
      root.getProperties().get("spec").getProperties().get("targetPod").setMaxLength(253L);
      rule(
          root.getProperties().get("spec"),
          "self.targetPod == oldSelf.targetPod",
          "spec.targetPod is immutable: a trigger is spent on one Pod; create another one");
      var created = status.getProperties().get("snapshotCreated");
      created.setXKubernetesMapType("atomic");
      created.getProperties().get("name").setDefault(TextNode.valueOf(""));
      created.getProperties().get("name").setDescription("Its name, in the trigger's namespace.");
    }
    if (kind.equals("PodSnapshotTokenRequest")) {
      root.getProperties()
          .get("spec")
          .getProperties()
          .get("snapshot")
          .getProperties()
          .get("name")
          .setDescription("The PodSnapshot, in the request's namespace.");
    }
    // The preview's version has the same schema, so that its manifests apply as they are.
    crd.getSpec()
        .setVersions(
            List.of(
                version,
                new CustomResourceDefinitionVersionBuilder(version)
                    .withName(PodSnapshotApi.PREVIEW_VERSION)
                    .withStorage(false)
                    .build()));
  }

  private static void rule(JSONSchemaProps schema, String rule, String message) {
    schema.setXKubernetesValidations(
        List.of(new ValidationRuleBuilder().withRule(rule).withMessage(message).build()));
  }

  /** As metav1.Condition. */
  private static void condition(JSONSchemaProps schema) {
    schema.setRequired(List.of("lastTransitionTime", "message", "reason", "status", "type"));
    var fields = schema.getProperties();
    fields.get("lastTransitionTime").setFormat("date-time");
    fields.get("message").setMaxLength(32768L);
    fields.get("observedGeneration").setMinimum(0.0);
    fields.get("reason").setMaxLength(1024L);
    fields.get("reason").setMinLength(1L);
    fields.get("reason").setPattern("^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$");
    fields
        .get("status")
        .setEnum(
            List.of("True", "False", "Unknown").stream().<JsonNode>map(TextNode::new).toList());
    fields.get("type").setMaxLength(316L);
  }
}

"""From rows to a clustered map, stage by stage: pure functions of frozen values; none knows a notebook or Milvus."""

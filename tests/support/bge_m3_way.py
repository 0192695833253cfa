"""A tiny random BGE-M3 checkpoint, loaded by the real code, from texts to a map; run by a test where torch is.

python bge_m3_way.py FOLDER
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

WORDS = {
    "sport": ["match", "goal", "striker", "season", "coach", "final", "penalty", "league", "stadium", "trophy"],
    "space": ["orbit", "rocket", "launch", "comet", "telescope", "probe", "galaxy", "lander", "crater", "module"],
    "food": ["oven", "flour", "butter", "recipe", "sauce", "pepper", "garlic", "dough", "simmer", "roast"],
}


def main(folder: Path) -> None:
    # what transformers and torch announce of their own future is not ours
    warnings.simplefilter("ignore")
    texts = [
        " ".join(words[(n + 3 * step) % len(words)] for step in range(6)) + f" {topic} {n}"
        for topic, words in WORDS.items()
        for n in range(40)
    ]
    make_checkpoint(folder / "bge-m3-tiny", texts)

    from pymilvus.model.hybrid import BGEM3EmbeddingFunction

    from cluster_explorer import ClusterExplorer

    function = BGEM3EmbeddingFunction(model_name=str(folder / "bge-m3-tiny"), device="cpu", use_fp16=False)
    with ClusterExplorer.from_texts(
        texts,
        embedding_function=function,
        uri=str(folder / "bge.db"),
        collection_name="news",
        params={"min_cluster_size": 10},
    ) as explorer:
        frame = explorer.to_frame()
        vectors = explorer.knn_graph_.vectors
    import torch
    import transformers

    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "dim": vectors.shape[1],
                "rows": len(frame),
                "distinct": len({row.tobytes() for row in vectors}),
                "placed": bool(frame[["x", "y"]].notna().all(axis=None)),
            }
        )
    )


def make_checkpoint(folder: Path, texts: list[str]) -> None:
    """XLM-RoBERTa of two layers with random weights, a tokenizer trained on the texts, and BGE-M3's two heads."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(0)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(
        texts, trainers.UnigramTrainer(vocab_size=200, special_tokens=special, unk_token="<unk>")
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=512,
    ).save_pretrained(folder)
    width = 32
    XLMRobertaModel(
        XLMRobertaConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=width,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=2 * width,
            max_position_embeddings=514,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        )
    ).save_pretrained(folder)
    torch.save(torch.nn.Linear(width, width).state_dict(), folder / "colbert_linear.pt")
    torch.save(torch.nn.Linear(width, 1).state_dict(), folder / "sparse_linear.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

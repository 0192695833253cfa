"""The compiled parts of the stages, by what they work on. Nothing here is public: the stages are."""
